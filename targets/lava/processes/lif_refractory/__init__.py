"""A LIF with a refractory period in fixed point. Lava's LIFRefractory computes in floating point only."""

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


class LIFRefractoryFixed(LIF):  # type: ignore[misc]
    """A LIF whose potential stays at zero for some steps after a spike, while its current goes on.

    Args:
        shape: Shape of the population.
        refractory_period: Steps of rest after a spike, one value or one for each neuron.
        arguments: Arguments of LIF.
    """

    def __init__(self, *, shape: tuple[int, ...], refractory_period: Any, **arguments: Any) -> None:
        super().__init__(shape=shape, **arguments)
        self.refractory_period = Var(shape=shape, init=refractory_period)
        self.refractory = Var(shape=shape, init=0)


@implements(proc=LIFRefractoryFixed)
class PyLifRefractoryFixedModel(PyLifModelBitAcc):  # type: ignore[misc]
    """The bit-accurate step of LIF; ``refractory`` counts the steps of rest that are left."""

    implements_process = None

    refractory_period: Any = LavaPyType(np.ndarray, np.int32, precision=6)
    refractory: Any = LavaPyType(np.ndarray, np.int32, precision=6)

    def subthr_dynamics(self, activation_in):  # type: ignore[no-untyped-def]
        """Step as LIF does, then hold the potential of resting neurons at zero, which exceeds no threshold."""
        super().subthr_dynamics(activation_in)
        resting = self.refractory > 0
        self.v[resting] = 0
        self.refractory[resting] -= 1

    def reset_voltage(self, spike_vector):  # type: ignore[no-untyped-def]
        """Return to zero and begin to rest."""
        super().reset_voltage(spike_vector)
        self.refractory[spike_vector] = self.refractory_period[spike_vector]


class WindowedLIFRefractory(Windowed, LIFRefractoryFixed):
    """LIFRefractoryFixed with a window."""


@implements(proc=WindowedLIFRefractory)
class PyWindowedLifRefractoryModel(WindowedModel, PyLifRefractoryFixedModel):
    """The same step."""
