"""Lava's resonators, RF, RF_IZ and RFZero, with a window."""

from __future__ import annotations

from lava.magma.core.decorator import implements
from lava.proc.resfire.models import PyRFZeroModelFixed
from lava.proc.resfire.process import RFZero
from lava.proc.rf.models import PyRFModelFixed
from lava.proc.rf.process import RF
from lava.proc.rf_iz.models import PyRF_IZModelFixed
from lava.proc.rf_iz.process import RF_IZ

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class WindowedRF(Windowed, RF):  # type: ignore[misc]
    """RF."""


@implements(proc=WindowedRF)
class PyWindowedRFModel(WindowedModel, PyRFModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class WindowedRFIZ(Windowed, RF_IZ):  # type: ignore[misc]
    """RF_IZ."""


@implements(proc=WindowedRFIZ)
class PyWindowedRFIZModel(WindowedModel, PyRF_IZModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class WindowedRFZero(Windowed, RFZero):  # type: ignore[misc]
    """RFZero."""


@implements(proc=WindowedRFZero)
class PyWindowedRFZeroModel(WindowedModel, PyRFZeroModelFixed):  # type: ignore[misc]
    """The fixed-point step."""
