"""Encoders that send changes, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import shift_left
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import is_wide, magnitude
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

ACT, RESIDUE, ERROR, THRESHOLD, CUMULATIVE, EXPONENT, STATE_EXPONENT = (LANES * i for i in range(7))

ZERO = np.int32(0)


@inner
def encode(
    change: np.int64, error: np.int32, threshold: np.int32, cumulative: bool
) -> tuple[np.int32, np.int32, np.int32, bool]:
    """Return the change that is sent or zero, residue and error after it, and whether one of them left 24 bits."""
    summed = np.int64(error) + (change if cumulative else np.int64(0))
    wide = is_wide(change) | is_wide(summed)
    changed, error = np.int32(change), np.int32(summed)
    reached = magnitude(error if cumulative else changed) >= threshold
    message = changed if reached else ZERO
    sends = cumulative & (magnitude(message) > ZERO)
    return message, ZERO if reached else changed, ZERO if sends else error, wide


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, payloads: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    threshold, cumulative = cell[THRESHOLD], cell[CUMULATIVE] > 0  # the same for all neurons, as are the exponents
    exponent, state_exponent = np.int64(cell[EXPONENT]), cell[STATE_EXPONENT]
    wide = is_wide(np.int64(threshold))
    for i in range(a.size):
        act = np.int64(a[i]) << exponent
        change = act - cell[ACT + i] + cell[RESIDUE + i]
        message, residue, error, wide_now = encode(change, cell[ERROR + i], threshold, cumulative)
        wide |= is_wide(act) | wide_now
        cell[ACT + i] = act
        cell[RESIDUE + i] = residue
        cell[ERROR + i] = error
        payloads[i] = message >> state_exponent
    return wide


def encoding(parameters: Parameters) -> tuple[Int64Array, ...]:
    """Return the threshold, what is compared with it, and the exponents of inputs and messages."""
    exponent = parameters["spike_exp"] + parameters["state_exp"]
    return shift_left(parameters["vth"], exponent), parameters["cum_error"], exponent, parameters["state_exp"]


class DeltaScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.delta`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Those of the encoder."""
        return encoding(parameters)
