"""Inverse square roots, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.inv_sqrt import FRACTION_BITS, GUESSES, ITERATIONS
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import is_wide
from neurotool.targets.loihi.scans.loop import SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

TABLE = np.array(GUESSES, np.int64)
SHIFT = np.int64(FRACTION_BITS + 1)
THREE = np.int64(3 << FRACTION_BITS)
ZERO = np.int32(0)


@inner
def inverse_root(value: np.int32) -> np.int64:
    """Return the inverse root of a positive number, modulo 2^64."""
    bits = 0
    while value >> bits > 0:
        bits += 1
    rest, factor = np.int64(value), TABLE[bits]
    root = factor >> 1
    for _ in range(ITERATIONS):
        rest = (((rest * factor) >> SHIFT) * factor) >> SHIFT
        factor = THREE - rest
        root = (root * factor) >> SHIFT
    return np.int64(root)


@inner
def step(_cell: Int32Array, a: Int32Array, _unused: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = False
    for i in range(a.size):
        wide |= is_wide(np.int64(a[i])) | (a[i] < ZERO)
        payloads[i] = np.int32(inverse_root(a[i])) if a[i] > ZERO else ZERO
    return wide


class InvSqrtScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.inv_sqrt`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """None."""
        return ()
