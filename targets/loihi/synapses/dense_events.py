"""Event-driven synapses: for every source that is active, add its row of weights.

All sums are kept modulo 2^32, which is exact for graded messages, as the reference wraps their sum at 32 bits before
the shift, and for binary spikes as long as no sum can reach 2^31. Left shifts and the sum over projections commute
with the wrap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.targets.loihi.jit import compiled

EXACT_IN_INT16 = 124
"""Rows of weights (-256 to 255) that 16 bits can add without overflow, rounded down to a multiple of four."""


@compiled
def gather_spikes(
    spikes: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.int16],
    exponent: int,
    activation: npt.NDArray[np.int32],
    first_row: int,
    last_row: int,
) -> None:
    """Add what binary spikes deliver.

    Args:
        spikes: ``[row, source]``; a row is one sample in one time step.
        weights: ``[source, target]``.
        exponent: Power of two on the sum, rounding towards minus infinity.
        activation: Added to, ``[row, target]``.
        first_row: First row to treat.
        last_row: Row to stop before.
    """
    sources, targets = weights.shape
    active = np.empty(sources + 1, np.int32)
    part = np.empty(targets, np.int16)
    total = np.empty(targets, np.int32)
    for row in range(first_row, last_row):
        count = 0
        for source in range(sources):  # without a branch, as the processor cannot predict spikes
            active[count] = source
            count += spikes[row, source]
        total[:] = 0
        for first in range(0, count, EXACT_IN_INT16):
            _add_rows(weights, active[first : min(count, first + EXACT_IN_INT16)], part)
            for target in range(targets):
                total[target] += part[target]
        _shift_and_add(total, exponent, activation[row])


@compiled
def _add_rows(weights: npt.NDArray[np.int16], sources: npt.NDArray[np.int32], part: npt.NDArray[np.int16]) -> None:
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
    messages: npt.NDArray[np.int32],
    weights: npt.NDArray[np.int16],
    exponent: int,
    activation: npt.NDArray[np.int32],
    first_row: int,
    last_row: int,
) -> None:
    """Add what graded messages deliver; arguments as in :func:`gather_spikes`, messages modulo 2^32."""
    sources, targets = weights.shape
    total = np.empty(targets, np.int32)
    for row in range(first_row, last_row):
        total[:] = 0
        for source in range(sources):
            message = messages[row, source]
            if message != 0:
                for target in range(targets):
                    total[target] += np.int32(message * weights[source, target])
        _shift_and_add(total, exponent, activation[row])


@compiled
def add_shifted(
    sums: npt.NDArray[Any], exponent: int, wraps: bool, activation: npt.NDArray[np.int32]
) -> None:
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
def _shift_and_add(total: npt.NDArray[np.int32], exponent: int, activation: npt.NDArray[Any]) -> None:
    if exponent >= 0:
        for target in range(total.size):
            activation[target] += np.int32(total[target] << exponent)
    else:
        for target in range(total.size):
            activation[target] += np.int32(total[target] >> -exponent)
