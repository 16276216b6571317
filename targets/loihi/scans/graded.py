"""Graded relays and rectifiers, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import is_wide, magnitude
from neurotool.targets.loihi.scans.loop import SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

ZERO = np.int32(0)


@inner
def relay(cell: Int32Array, a: Int32Array, _unused: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Pass what exceeds the threshold in magnitude; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = False
    for i in range(a.size):
        wide |= is_wide(np.int64(a[i]))
        payloads[i] = a[i] if magnitude(a[i]) > cell[i] else ZERO
    return wide


@inner
def rectify(cell: Int32Array, a: Int32Array, _unused: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Pass what exceeds the threshold; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = False
    for i in range(a.size):
        wide |= is_wide(np.int64(a[i]))
        payloads[i] = a[i] if a[i] > cell[i] else ZERO
    return wide


class GradedVecScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.graded_vec`."""

    step = staticmethod(relay)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """The threshold."""
        return (parameters["vth"],)


class GradedReluVecScan(GradedVecScan):
    """The neuron of :mod:`neurotool.neurons.graded_relu_vec`."""

    step = staticmethod(rectify)
