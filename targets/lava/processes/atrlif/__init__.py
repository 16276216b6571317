"""Lava's ATRLIF with a window."""

from __future__ import annotations

from lava.magma.core.decorator import implements
from lava.proc.atrlif.models import PyATRLIFModelFixed
from lava.proc.atrlif.process import ATRLIF

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class WindowedATRLIF(Windowed, ATRLIF):  # type: ignore[misc]
    """ATRLIF; ``theta`` must begin as the shifted ``theta_0``, which Lava's model makes of it in its first step only.

    All arguments but ``theta_step`` may be arrays with a value for each neuron, which Lava's model takes as they are.
    """


@implements(proc=WindowedATRLIF)
class PyWindowedATRLIFModel(WindowedModel, PyATRLIFModelFixed):  # type: ignore[misc]
    """The fixed-point step."""
