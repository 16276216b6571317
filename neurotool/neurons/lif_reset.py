"""Leaky integrate-and-fire that returns to zero at regular intervals, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.lif import Lif
from neurotool.neurons.model import Parameter, Parameters, State

INT32_HIGH = (1 << 31) - 1


class LifReset(Lif):
    """Current and potential become zero before the step of every row with ``row % interval == offset % interval``.

    What arrives in that row counts. Lava's process counts steps from 1 at the start of a run, rows begin with 0 at the
    first step of the population.
    """

    name = "lif_reset"
    process = "lava.proc.lif.process.LIFReset"
    parameters: tuple[Parameter, ...] = (
        *Lif.parameters,
        Parameter("reset_interval", 1, INT32_HIGH, "time steps from one reset to the next", uniform=True),
        Parameter("reset_offset", 0, INT32_HIGH, "first row with a reset, modulo the interval", uniform=True),
    )

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.lif.models.PyLifResetModelBitAcc`` (lava-nc 0.10.0).
        """
        interval = parameters["reset_interval"]
        kept = row % interval != parameters["reset_offset"] % interval
        resumed = {name: values * kept for name, values in state.items()}
        return super().step(parameters, resumed, inputs, row=row, strict=strict)


LIF_RESET = LifReset()
