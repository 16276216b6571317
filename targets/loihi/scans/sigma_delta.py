"""Sigma-delta neurons, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import is_wide
from neurotool.targets.loihi.scans.delta import encode, encoding
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

SIGMA, ACT, RESIDUE, ERROR, THRESHOLD, CUMULATIVE, _EXPONENT, STATE_EXPONENT, BIAS, FAR, RELU = (
    LANES * i for i in range(11)
)


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    threshold, cumulative = cell[THRESHOLD], cell[CUMULATIVE] > 0  # the same for all neurons
    state_exponent, relu = cell[STATE_EXPONENT], cell[RELU] > 0
    wide = is_wide(np.int64(threshold))
    for i in range(a.size):
        summed = np.int64(cell[SIGMA + i]) + np.int64(a[i])
        sigma = np.int32(summed)
        biased = np.int64(sigma) + np.int64(cell[BIAS + i])
        act = np.int64(np.int32(biased))
        act = np.int64(0) if relu and act < 0 else act
        change = act - cell[ACT + i] + cell[RESIDUE + i]
        message, residue, error, wide_now = encode(change, cell[ERROR + i], threshold, cumulative)
        wide |= is_wide(summed) | is_wide(biased) | (cell[FAR + i] > 0) | wide_now
        cell[SIGMA + i] = sigma
        cell[ACT + i] = act
        cell[RESIDUE + i] = residue
        cell[ERROR + i] = error
        payloads[i] = message >> state_exponent
    return wide


class SigmaDeltaScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.sigma_delta`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Those of the encoder; bias in 32 bits, whether it takes a 24-bit sum out of range; activation function."""
        bias = parameters["bias"] << (parameters["spike_exp"] + parameters["state_exp"])
        return (*encoding(parameters), bias, (abs(bias) >= 1 << 31).astype(np.int64), parameters["relu"])
