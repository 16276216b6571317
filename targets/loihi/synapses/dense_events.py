"""Event-driven synapses of a matrix: for every source that is active, add its row of weights.

Sums are kept modulo 2^32 or in 64 bits, as the room for them has it (:class:`.protocol.Summing`). Left shifts and the
sum over projections commute with the wrap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.targets.loihi.jit import compiled

Int16Array = npt.NDArray[np.int16]
Int32Array = npt.NDArray[np.int32]

EXACT_IN_INT16 = 124
"""Rows of weights (-256 to 255) that 16 bits can add without overflow, rounded down to a multiple of four."""


@compiled
def gather_spikes(
    spikes: npt.NDArray[np.bool_],
    weights: Int16Array,
    exponent: int,
    total: npt.NDArray[Any],
    activation: Int32Array,
    first_row: int,
    last_row: int,
) -> None:
    """Add what binary spikes deliver.

    Args:
        spikes: ``[row, source]``; a row is one sample in one time step.
        weights: ``[source, target]``.
        exponent: Power of two on the sum, rounding towards minus infinity.
        total: Room for the sums of a row, ``[target]``.
        activation: Added to, ``[row, target]``.
        first_row: First row to treat.
        last_row: Row to stop before.
    """
    sources, targets = weights.shape
    active = np.empty(sources + 1, np.int32)
    part = np.empty(targets, np.int16)
    for row in range(first_row, last_row):
        count = 0
        for source in range(sources):  # without a branch, as the processor cannot predict spikes
            active[count] = source
            count += spikes[row, source]
        if count > 0:
            total[:] = 0
            gather_row(active[:count], weights, part, total)
            add_shifted_row(total, exponent, activation[row])


@compiled
def gather_row(active: Int32Array, weights: Int16Array, part: Int16Array, total: npt.NDArray[Any]) -> None:
    """Add the weights of active sources to the sums of one row; ``part`` is room for as many sums of 16 bits."""
    for first in range(0, active.size, EXACT_IN_INT16):
        _add_rows(weights, active[first : min(active.size, first + EXACT_IN_INT16)], part)
        for target in range(total.size):
            total[target] += part[target]


@compiled
def _add_rows(weights: Int16Array, sources: Int32Array, part: Int16Array) -> None:
    part[:] = 0
    paired = sources.size // 4 * 4
    for i in range(0, paired, 4):  # four at once: fewer loads and stores of the sum
        a, b, c, d = sources[i], sources[i + 1], sources[i + 2], sources[i + 3]
        for target in range(part.size):
            part[target] += weights[a, target] + weights[b, target] + weights[c, target] + weights[d, target]
    for i in range(paired, sources.size):
        a = sources[i]
        for target in range(part.size):
            part[target] += weights[a, target]


@compiled
def gather_messages(
    messages: Int32Array,
    weights: Int16Array,
    exponent: int,
    total: npt.NDArray[Any],
    activation: Int32Array,
    first_row: int,
    last_row: int,
) -> None:
    """Add what graded messages deliver; arguments as in :func:`gather_spikes`, messages modulo 2^32."""
    for row in range(first_row, last_row):
        total[:] = 0
        for source in range(weights.shape[0]):
            message = messages[row, source]
            if message != 0:
                for target in range(total.size):
                    total[target] += np.int32(message * weights[source, target])
        add_shifted_row(total, exponent, activation[row])


@compiled
def add_shifted(sums: npt.NDArray[Any], exponent: int, wraps: bool, activation: Int32Array) -> None:
    """Shift sums that floats hold exactly, and add them.

    Args:
        sums: Whole numbers, ``[row, target]``.
        exponent: Power of two on each sum, rounding towards minus infinity.
        wraps: Whether sums wrap at 32 bits before.
        activation: Added to, ``[row, target]``.
    """
    rows, targets = sums.shape
    for row in range(rows):
        for target in range(targets):
            total = np.int64(sums[row, target])
            if wraps:
                total = np.int64(np.int32(total))
            activation[row, target] += np.int32(total << exponent if exponent >= 0 else total >> -exponent)


@compiled
def add_shifted_row(total: npt.NDArray[Any], exponent: int, activation: Int32Array) -> None:
    """Shift the sums of one row, rounding towards minus infinity, and add them."""
    if exponent >= 0:
        for target in range(total.size):
            activation[target] += np.int32(total[target] << exponent)
    else:
        for target in range(total.size):
            activation[target] += np.int32(total[target] >> -exponent)
