"""Izhikevich's resonate-and-fire, which resets after a spike, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.model import Parameters, State
from neurotool.neurons.rf import Rf, resonate


class RfIz(Rf):
    """Spikes when the imaginary part reaches the threshold, which sets it to one below and the real part to zero.

    What :class:`~.rf.Rf` says of rounding and wrapping holds here as well.
    """

    name = "rf_iz"
    process = "lava.proc.rf_iz.process.RF_IZ"

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.rf_iz.models.PyRF_IZModelFixed`` (lava-nc 0.10.0).
        """
        real, imag = resonate(parameters, state, inputs, strict=strict)
        threshold = parameters["vth"] << parameters["state_exp"]
        spikes = imag >= threshold
        return {"real": real * ~spikes, "imag": imag * ~spikes + (threshold - 1) * spikes}, spikes


RF_IZ = RfIz()
