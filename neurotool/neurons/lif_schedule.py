"""Leaky integrate-and-fire whose threshold follows a table over the first time steps, with Lava's arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.lif import BIAS, DECAYS, NEVER_FIRES, Lif, integrate
from neurotool.neurons.model import Owner, Parameter, Parameters, State

ROWS = 16
"""Entries of the table."""


def threshold_name(row: int) -> str:
    """Name of the parameter that holds in a row; rows beyond the table have its last entry."""
    return f"vth_{min(row, ROWS - 1)}"


class LifSchedule(Lif):
    """The threshold of row r is ``vth_r``, counted from the beginning of a sample, and ``vth_15`` from row 15 on.

    It stands for networks that move their threshold in the course of an inference, as far as that course is the same
    for every sample. Lava has no such process, so its definition is ours. Current, potential and the reset to zero are
    those of :class:`~.lif.Lif`.
    """

    name = "lif_schedule"
    process = "neurotool.targets.lava.processes.lif_schedule.LIFSchedule"
    owner = Owner.NEUROTOOL
    parameters = (
        *DECAYS,
        *(Parameter(threshold_name(r), 0, NEVER_FIRES, f"threshold of row {r}, compared as << 6") for r in range(ROWS)),
        *BIAS,
    )

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`."""
        u, v = integrate(parameters, state, inputs["a"], strict=strict)
        spikes = v > (parameters[threshold_name(row)] << ALIGNMENT)
        return {"u": u, "v": v * ~spikes}, spikes


LIF_SCHEDULE = LifSchedule()
