"""Leaky integrate-and-fire whose spike subtracts the threshold, with Lava's arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.lif import Lif, integrate
from neurotool.neurons.model import IntArray, Owner, Parameters, State


class LifSubtract(Lif):
    """A spike leaves the excess over the threshold in the membrane; at most one spike and one subtraction per step.

    Lava has no such process, so its definition is ours. Current and potential are those of :class:`~.lif.Lif`.
    """

    name = "lif_subtract"
    process = "neurotool.targets.lava.processes.lif_subtract.LIFSubtract"
    owner = Owner.NEUROTOOL

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, IntArray], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`."""
        u, v = integrate(parameters, state, inputs["a"], strict=strict)
        threshold = parameters["vth"] << ALIGNMENT
        spikes = v > threshold
        return {"u": u, "v": v - threshold * spikes}, spikes


LIF_SUBTRACT = LifSubtract()
