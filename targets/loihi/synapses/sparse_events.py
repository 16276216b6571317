"""Compiled loops over synapses that are listed by source.

Sums are kept modulo 2^32 or in 64 bits, as the array given for them has it; the former is exact for graded messages,
as the reference wraps their sum at 32 bits before the shift, and for binary spikes as long as no sum can reach 2^31.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.targets.loihi.jit import compiled

LANES = 32
"""Rows for which a synapse is met at once."""


@compiled
def scatter(
    messages: npt.NDArray[Any],
    starts: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int32],
    weights: npt.NDArray[np.int16],
    exponent: int,
    total: npt.NDArray[Any],
    activation: npt.NDArray[np.int32],
    first_row: int,
    last_row: int,
) -> None:
    """Add what messages deliver, event by event.

    Args:
        messages: Bool or integers modulo 2^32, ``[row, source]``; a row is one sample in one time step.
        starts: Position of the first synapse of each source, and the end of the last, ``[source + 1]``.
        targets: Target of each synapse.
        weights: Mantissa of each synapse.
        exponent: Power of two on the sum, rounding towards minus infinity.
        total: Room for the sums of a row, ``[target]``.
        activation: Added to, ``[row, target]``.
        first_row: First row to treat.
        last_row: Row to stop before.
    """
    sources = messages.shape[1]
    active = np.empty(sources + 1, np.int32)
    for row in range(first_row, last_row):
        count = 0
        for source in range(sources):  # without a branch, as the processor cannot predict spikes
            active[count] = source
            count += messages[row, source] != 0
        total[:] = 0
        for i in range(count):
            source = active[i]
            message = np.int32(messages[row, source])
            for k in range(starts[source], starts[source + 1]):
                total[targets[k]] += np.int32(message * weights[k])
        _shift_and_add(total, exponent, activation[row])


@compiled
def multiply(
    messages: npt.NDArray[Any],
    starts: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int32],
    weights: npt.NDArray[np.int16],
    exponent: int,
    sums: npt.NDArray[Any],
    activation: npt.NDArray[np.int32],
    first_row: int,
    last_row: int,
) -> None:
    """Add what messages deliver, synapse by synapse for a block of rows.

    Arguments as in :func:`scatter`, apart from ``sums``, room for the sums of a block, ``[target, LANES]``.
    """
    lanes = np.zeros(LANES, np.int32)
    for first in range(first_row, last_row, LANES):
        rows = min(LANES, last_row - first)
        sums[:] = 0
        lanes[:] = 0
        for source in range(messages.shape[1]):
            active = np.int32(0)
            for i in range(rows):
                lanes[i] = np.int32(messages[first + i, source])
                active |= lanes[i]
            if active != 0:
                for k in range(starts[source], starts[source + 1]):
                    _add_product(sums[targets[k]], lanes, np.int32(weights[k]))
        for i in range(rows):
            _shift_and_add(sums[:, i], exponent, activation[first + i])


@compiled
def _add_product(sums: npt.NDArray[Any], lanes: npt.NDArray[np.int32], weight: np.int32) -> None:
    for i in range(sums.size):  # a number known when compiling would be unrolled instead of vectorised
        sums[i] += np.int32(lanes[i] * weight)


@compiled
def _shift_and_add(total: npt.NDArray[Any], exponent: int, activation: npt.NDArray[np.int32]) -> None:
    if exponent >= 0:
        for target in range(total.size):
            activation[target] += np.int32(total[target] << exponent)
    else:
        for target in range(total.size):
            activation[target] += np.int32(total[target] >> -exponent)


@compiled
def order_by_source(
    keys: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int64],
    weights: npt.NDArray[np.int64],
    next_free: npt.NDArray[np.int64],
    targets_out: npt.NDArray[np.int32],
    weights_out: npt.NDArray[np.int16],
) -> None:
    """Put synapses where their source begins.

    Args:
        keys: Source of each synapse.
        targets: Its target.
        weights: Its weight.
        next_free: Position of the next synapse of each source; moved on.
        targets_out: Filled in.
        weights_out: Filled in.
    """
    for i in range(keys.size):
        place = next_free[keys[i]]
        next_free[keys[i]] = place + 1
        targets_out[place] = targets[i]
        weights_out[place] = weights[i]
