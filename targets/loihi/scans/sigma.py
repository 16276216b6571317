"""Accumulators of sigma-delta messages, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import is_wide
from neurotool.targets.loihi.scans.loop import SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = False
    for i in range(a.size):
        summed = np.int64(cell[i]) + np.int64(a[i])
        wide |= is_wide(summed)
        cell[i] = summed
        payloads[i] = cell[i]
    return wide


class SigmaScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.sigma`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """None."""
        return ()
