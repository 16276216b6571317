"""A LIF that a spike takes down by an amount instead of to zero. Lava has none."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.variable import Var
from lava.proc.lif.models import PyLifModelBitAcc
from lava.proc.lif.process import LIF

from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class LIFSubtract(LIF):  # type: ignore[misc]
    """Variables, ports and parameters are those of LIF, and one more.

    Args:
        v_sub: What a spike takes off the potential, in units of v.
        parameters: Arguments of LIF.
    """

    def __init__(self, *, v_sub: Any, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.v_sub = Var(shape=parameters["shape"], init=v_sub)


@implements(proc=LIFSubtract)
class PyLifSubtractModel(PyLifModelBitAcc):  # type: ignore[misc]
    """The bit-accurate step of LIF with another reset."""

    implements_process = None
    v_sub: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=24)

    def reset_voltage(self, spike_vector):  # type: ignore[no-untyped-def]
        """Lower the potential of the neurons that fired."""
        self.v -= spike_vector * self.v_sub


class WindowedLIFSubtract(Windowed, LIFSubtract):
    """LIFSubtract with a window."""


@implements(proc=WindowedLIFSubtract)
class PyWindowedLifSubtractModel(WindowedModel, PyLifSubtractModel):
    """The same step."""
