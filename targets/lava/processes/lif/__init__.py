"""Lava's LIF, LIFReset and TernaryLIF with a window."""

from __future__ import annotations

from lava.magma.core.decorator import implements
from lava.proc.lif.models import PyLifModelBitAcc, PyLifResetModelBitAcc, PyTernLifModelFixed
from lava.proc.lif.process import LIF, LIFReset, TernaryLIF

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class WindowedLIF(Windowed, LIF):  # type: ignore[misc]
    """LIF; du, dv and vth may be arrays with a value for each neuron, which Lava's model takes as they are."""


@implements(proc=WindowedLIF)
class PyWindowedLifModel(WindowedModel, PyLifModelBitAcc):  # type: ignore[misc]
    """The bit-accurate step."""


class WindowedLIFReset(Windowed, LIFReset):  # type: ignore[misc]
    """LIFReset, whose resets count from the first row of a sample."""


@implements(proc=WindowedLIFReset)
class PyWindowedLifResetModel(WindowedModel, PyLifResetModelBitAcc):  # type: ignore[misc]
    """The bit-accurate step."""


class WindowedTernaryLIF(Windowed, TernaryLIF):  # type: ignore[misc]
    """TernaryLIF."""


@implements(proc=WindowedTernaryLIF)
class PyWindowedTernLifModel(WindowedModel, PyTernLifModelFixed):  # type: ignore[misc]
    """The fixed-point step."""
