"""Leaky integrate-and-fire with a refractory period, with the arithmetic of Lava's LIF."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.lif import Lif, bias, filtered_current, membrane
from neurotool.neurons.model import Owner, Parameter, Parameters, State


class LifRefractory(Lif):
    """The membrane stays at zero for ``refractory_period`` steps after a spike while the current goes on.

    Lava has this neuron in floating point only (``PyLifRefractoryModelFloat``), whose timing is kept; the integers are
    those of :class:`~.lif.Lif`. The state ``refractory`` counts the steps for which the membrane is still held.
    """

    name = "lif_refractory"
    process = "neurotool.targets.lava.processes.lif_refractory.LIFRefractoryFixed"
    owner = Owner.NEUROTOOL
    parameters: tuple[Parameter, ...] = (
        *Lif.parameters,
        Parameter("refractory_period", 0, 63, "steps without integration after a spike"),
    )
    states: tuple[str, ...] = ("u", "v", "refractory")

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`."""
        u = filtered_current(state["u"], parameters["du"], inputs["a"], strict=strict)
        held = state["refractory"] > 0
        v = membrane(state["v"], parameters["dv"], (u + bias(parameters)) * ~held, strict=strict)
        spikes = v > (parameters["vth"] << ALIGNMENT)
        refractory = (state["refractory"] - 1) * held + parameters["refractory_period"] * spikes
        return {"u": u, "v": v * ~spikes, "refractory": refractory}, spikes


LIF_REFRACTORY = LifRefractory()
