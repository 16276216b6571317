"""LIF neurons whose spike subtracts the threshold, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.targets.loihi.scans.lif import THRESHOLD, ZERO, LifScan, U, V, integrate
from neurotool.targets.loihi.scans.loop import Int32Array, SentArray, inner, over_time


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, spikes: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = ZERO
    for i in range(a.size):
        u, v, wide_now = integrate(cell, i, a[i])
        wide |= wide_now
        threshold = cell[THRESHOLD + i]
        fires = v > threshold
        cell[U + i] = u
        cell[V + i] = np.int32(v - threshold) if fires else v
        spikes[i] = fires
    return bool(wide)


class LifSubtractScan(LifScan):
    """The neuron of :mod:`neurotool.neurons.lif_subtract`, with the constants of LIF."""

    loop = staticmethod(over_time(step))
