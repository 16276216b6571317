"""Graded products, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import is_wide, magnitude, wraps
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

THRESHOLD, EXPONENT = (LANES * i for i in range(2))

ZERO = np.int32(0)


@inner
def step(cell: Int32Array, a1: Int32Array, a2: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    threshold, exponent = cell[THRESHOLD], cell[EXPONENT]  # the same for all neurons
    wide = False
    for i in range(a1.size):
        first, second = np.int64(a1[i]), np.int64(a2[i])
        exact = first * second
        v = np.int32(np.int32(exact) >> exponent)
        wide |= is_wide(first) | is_wide(second) | wraps(exact) | is_wide(np.int64(v))
        payloads[i] = v if magnitude(v) > threshold else ZERO
    return wide


class ProdNeuronScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.prod_neuron`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Threshold and exponent."""
        return parameters["vth"], parameters["exp"]
