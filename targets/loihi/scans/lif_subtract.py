"""LIF neurons whose spike subtracts from the potential, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.lif import THRESHOLD, ZERO, U, V, integrate, integration
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

SUBTRACT = THRESHOLD + LANES


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, spikes: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = ZERO
    for i in range(a.size):
        u, v, wide_now = integrate(cell, i, a[i])
        wide |= wide_now
        fires = v > cell[THRESHOLD + i]
        cell[U + i] = u
        cell[V + i] = np.int32(v - cell[SUBTRACT + i]) if fires else v
        spikes[i] = fires
    return bool(wide)


class LifSubtractScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.lif_subtract`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Decays, bias, threshold and what a spike subtracts."""
        return (*integration(parameters), parameters["vth"] << ALIGNMENT, parameters["v_sub"])
