"""LIF neurons with spikes of both signs, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.lif import THRESHOLD, ZERO, U, V, integrate, integration
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

UPPER, LOWER = THRESHOLD, THRESHOLD + LANES


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = ZERO
    for i in range(a.size):
        u, v, wide_now = integrate(cell, i, a[i])
        wide |= wide_now
        payload = np.int32(np.int32(v > cell[UPPER + i]) - np.int32(v < cell[LOWER + i]))
        cell[U + i] = u
        cell[V + i] = v if payload == ZERO else ZERO
        payloads[i] = payload
    return bool(wide)


class TernaryLifScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.ternary_lif`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Decays, bias, upper and lower threshold."""
        return (*integration(parameters), parameters["vth_hi"] << ALIGNMENT, parameters["vth_lo"] << ALIGNMENT)
