"""A LIF that a spike takes down by its threshold instead of to zero. Lava has none."""

from __future__ import annotations

from lava.magma.core.decorator import implements
from lava.proc.lif.models import PyLifModelBitAcc
from lava.proc.lif.process import LIF

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class LIFSubtract(LIF):  # type: ignore[misc]
    """Variables, ports and parameters are those of LIF; what exceeds the threshold is kept after a spike."""


@implements(proc=LIFSubtract)
class PyLifSubtractModel(PyLifModelBitAcc):  # type: ignore[misc]
    """The bit-accurate step of LIF with another reset."""

    implements_process = None

    def reset_voltage(self, spike_vector):  # type: ignore[no-untyped-def]
        """Take the threshold off the potential of the neurons that fired."""
        self.v -= spike_vector * self.effective_vth


class WindowedLIFSubtract(Windowed, LIFSubtract):
    """LIFSubtract with a window."""


@implements(proc=WindowedLIFSubtract)
class PyWindowedLifSubtractModel(WindowedModel, PyLifSubtractModel):
    """The same step."""
