"""Leaky integrate-and-fire whose spike subtracts from the potential, with Lava's arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import ALIGNMENT, STATE_LIMIT
from neurotool.neurons.lif import Lif, integrate
from neurotool.neurons.model import Owner, Parameter, Parameters, State


class LifSubtract(Lif):
    """A spike takes ``v_sub`` off the membrane; at most one spike and one subtraction per step.

    With ``v_sub = vth << 6`` the excess over the threshold stays. Models that subtract the threshold after the next
    decay, as snnTorch does, need ``threshold / (1 - decay)``. Lava has no such process, so its definition is ours.
    Current and potential are those of :class:`~.lif.Lif`.
    """

    name = "lif_subtract"
    process = "neurotool.targets.lava.processes.lif_subtract.LIFSubtract"
    owner = Owner.NEUROTOOL
    parameters = (*Lif.parameters, Parameter("v_sub", 0, STATE_LIMIT - 1, "taken off v by a spike, in units of v"))

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`."""
        u, v = integrate(parameters, state, inputs["a"], strict=strict)
        spikes = v > (parameters["vth"] << ALIGNMENT)
        return {"u": u, "v": v - parameters["v_sub"] * spikes}, spikes


LIF_SUBTRACT = LifSubtract()
