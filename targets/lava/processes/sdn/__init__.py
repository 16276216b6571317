"""Lava's Sigma, Delta and SigmaDelta with a window."""

from __future__ import annotations

from lava.magma.core.decorator import implements
from lava.proc.sdn.models import PyDeltaModelFixed, PySigmaDeltaModelFixed, PySigmaModelFixed
from lava.proc.sdn.process import Delta, Sigma, SigmaDelta

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class WindowedSigma(Windowed, Sigma):  # type: ignore[misc]
    """Sigma."""


@implements(proc=WindowedSigma)
class PyWindowedSigmaModel(WindowedModel, PySigmaModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class WindowedDelta(Windowed, Delta):  # type: ignore[misc]
    """Delta."""


@implements(proc=WindowedDelta)
class PyWindowedDeltaModel(WindowedModel, PyDeltaModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class WindowedSigmaDelta(Windowed, SigmaDelta):  # type: ignore[misc]
    """SigmaDelta."""


@implements(proc=WindowedSigmaDelta)
class PyWindowedSigmaDeltaModel(WindowedModel, PySigmaDeltaModelFixed):  # type: ignore[misc]
    """The fixed-point step."""
