"""Lava's graded vectors, GradedVec and GradedReluVec, with a window."""

from __future__ import annotations

from lava.magma.core.decorator import implements
from lava.proc.graded.models import PyGradedReluVecModelFixed, PyGradedVecModelFixed
from lava.proc.graded.process import GradedReluVec, GradedVec

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class WindowedGradedVec(Windowed, GradedVec):  # type: ignore[misc]
    """GradedVec."""


@implements(proc=WindowedGradedVec)
class PyWindowedGradedVecModel(WindowedModel, PyGradedVecModelFixed):  # type: ignore[misc]
    """The fixed-point step."""


class WindowedGradedReluVec(Windowed, GradedReluVec):  # type: ignore[misc]
    """GradedReluVec."""


@implements(proc=WindowedGradedReluVec)
class PyWindowedGradedReluVecModel(WindowedModel, PyGradedReluVecModelFixed):  # type: ignore[misc]
    """The fixed-point step."""
