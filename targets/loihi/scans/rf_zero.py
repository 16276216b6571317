"""Resonators that send their amplitude, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.model import Parameters
from neurotool.neurons.rf_zero import FRACTION_BITS
from neurotool.targets.loihi.scans.arithmetic import is_wide, wraps
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

U, V, COS, SIN, THRESHOLD = (LANES * i for i in range(5))

ZERO = np.int32(0)


@inner
def product(state: np.int32, factor: np.int32) -> tuple[np.int64, bool]:
    """Return a product of 32 bits, rounded down, and whether it wrapped."""
    exact = np.int64(state) * np.int64(factor)
    return np.int64(np.int32(exact) >> FRACTION_BITS), wraps(exact)


@inner
def step(cell: Int32Array, a_u: Int32Array, a_v: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    threshold = cell[THRESHOLD]  # the same for all neurons
    wide = False
    for i in range(a_u.size):
        u, v, cos, sin = cell[U + i], cell[V + i], cell[COS + i], cell[SIN + i]
        u_cos, wide_1 = product(u, cos)
        v_sin, wide_2 = product(v, sin)
        v_cos, wide_3 = product(v, cos)
        u_sin, wide_4 = product(u, sin)
        turned, raised = u_cos - v_sin + a_u[i], v_cos + u_sin + a_v[i]
        wide |= wide_1 | wide_2 | wide_3 | wide_4 | is_wide(turned) | is_wide(raised)
        real, imag = np.int32(turned), np.int32(raised)
        payloads[i] = real if (real > threshold) & (imag >= ZERO) & (v < ZERO) else ZERO
        cell[U + i] = real
        cell[V + i] = imag
    return wide


class RfZeroScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.rf_zero`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Rotation and threshold."""
        return parameters["lct"], parameters["lst"], parameters["uth"]
