"""Compiled loops over synapses that are listed by source.

Sums are kept modulo 2^32 or in 64 bits, as the room for them has it (:class:`.protocol.Summing`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.synapses.active import list_active
from neurotool.targets.loihi.synapses.shift import add_shifted_row

LANES = 32
"""Rows for which a synapse is met at once."""


@compiled
def scatter(
    messages: npt.NDArray[Any],
    starts: npt.NDArray[np.int64],
    targets: Int32Array,
    weights: npt.NDArray[np.int16],
    exponent: int,
    total: npt.NDArray[Any],
    activation: Int32Array,
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
    rows, sources = messages.shape
    flat = messages.reshape(rows * sources)
    active = np.empty(sources + 1, np.int32)
    for row in range(first_row, last_row):
        count = list_active(flat, row * sources, sources, active)
        if count > 0:
            total[:] = 0
            for i in range(count):
                message = np.int32(messages[row, active[i]])
                for k in range(starts[active[i]], starts[active[i] + 1]):
                    total[targets[k]] += np.int32(message * weights[k])
            add_shifted_row(total, exponent, activation[row])


@compiled
def scatter_row(
    active: Int32Array,
    starts: npt.NDArray[np.int64],
    targets: Int32Array,
    weights: npt.NDArray[np.int16],
    total: npt.NDArray[Any],
) -> None:
    """Add the weights of active sources to the sums of one row."""
    for i in range(active.size):
        for k in range(starts[active[i]], starts[active[i] + 1]):
            total[targets[k]] += weights[k]


@compiled
def multiply(
    messages: npt.NDArray[Any],
    starts: npt.NDArray[np.int64],
    targets: Int32Array,
    weights: npt.NDArray[np.int16],
    exponent: int,
    sums: npt.NDArray[Any],
    activation: Int32Array,
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
            add_shifted_row(sums[:, i], exponent, activation[first + i])


@compiled
def _add_product(sums: npt.NDArray[Any], lanes: Int32Array, weight: np.int32) -> None:
    for i in range(sums.size):  # a number known when compiling would be unrolled instead of vectorised
        sums[i] += np.int32(lanes[i] * weight)


@compiled
def order_by_source(
    keys: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int64],
    weights: npt.NDArray[np.int64],
    next_free: npt.NDArray[np.int64],
    targets_out: Int32Array,
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
