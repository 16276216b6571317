"""Event-driven synapses of a matrix: for every source that is active, add its row of weights.

Sums are kept modulo 2^32 or in 64 bits, as the room for them has it (:class:`.protocol.Summing`). Left shifts and the
sum over projections commute with the wrap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int16Array, Int32Array
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.synapses.active import list_active
from neurotool.targets.loihi.synapses.packed import ADDED, NARROW, WIDE
from neurotool.targets.loihi.synapses.shift import add_shifted_row
from neurotool.targets.loihi.synapses.vectors import WIDTH, add, load, store, upper, zeros

Pairs = npt.NDArray[np.uint16]

ROWS = 16
"""Rows for which a strip of weights is read one after another, while it is in a near cache."""


@compiled
def gather_spikes(
    spikes: npt.NDArray[np.bool_],
    pairs: Pairs,
    base: int,
    step: int,
    exponent: int,
    total: npt.NDArray[Any],
    activation: Int32Array,
    first_row: int,
    last_row: int,
) -> None:
    """Add what binary spikes deliver.

    Args:
        spikes: ``[row, source]``; a row is one sample in one time step.
        pairs: The matrix, ``[strip, source, pair]``; see :class:`.packed.Packed`, as for the next two.
        base: Smallest weight.
        step: Distance of neighbouring weights.
        exponent: Power of two on the sum, rounding towards minus infinity.
        total: Room for the sums of a strip, of the type that holds them.
        activation: Added to, ``[row, target]``.
        first_row: First row to treat.
        last_row: Row to stop before.
    """
    rows, sources = spikes.shape
    strips, targets = pairs.shape[0], activation.shape[1]
    strip = 2 * pairs.shape[2]
    flat = spikes.reshape(rows * sources)
    active, counts = np.empty((ROWS, sources + 1), np.int32), np.empty(ROWS, np.int64)
    part = np.empty(2 * strip, np.uint16)
    for low in range(first_row, last_row, ROWS):
        high = min(low + ROWS, last_row)
        for row in range(low, high):
            counts[row - low] = list_active(flat, row * sources, sources, active[row - low])
        for i in range(strips):
            begin, end = i * strip, min((i + 1) * strip, targets)
            for row in range(low, high):
                if counts[row - low] > 0:
                    gather_strip(active[row - low, : counts[row - low]], pairs, base, step, i, part, total)
                    add_shifted_row(total[: end - begin], exponent, activation[row, begin:end])


@compiled
def gather_row(
    active: Int32Array,
    pairs: Pairs,
    base: int,
    step: int,
    exponent: int,
    part: Pairs,
    total: npt.NDArray[Any],
    activation: Int32Array,
) -> None:
    """Add what the active sources of one row deliver; arguments as above and below."""
    strips, _, lanes = pairs.shape
    for strip in range(strips):
        begin, end = strip * 2 * lanes, min((strip + 1) * 2 * lanes, activation.size)
        gather_strip(active, pairs, base, step, strip, part, total)
        add_shifted_row(total[: end - begin], exponent, activation[begin:end])


@compiled
def gather_strip(
    active: Int32Array, pairs: Pairs, base: int, step: int, strip: int, part: Pairs, total: npt.NDArray[Any]
) -> None:
    """Sum the weights of active sources to a strip of targets.

    Args:
        active: The sources.
        pairs: The matrix.
        base: Smallest weight.
        step: Distance of neighbouring weights.
        strip: Number of the strip.
        part: Room for twice as many numbers of 16 bits as a strip has pairs.
        total: Filled in, ``[target of the strip]``.
    """
    _, sources, lanes = pairs.shape
    flat, first = pairs.reshape(pairs.size), strip * sources * lanes
    total[: 2 * lanes] = base * active.size
    for low in range(0, active.size, ADDED):
        some = active[low : min(low + ADDED, active.size)]
        if lanes == WIDE:
            _add_wide(some, flat, first, part)
        else:
            _add_narrow(some, flat, first, part)
        for i in range(lanes):
            both, uppers = part[i], part[lanes + i]
            total[i] += step * np.int32(np.uint16(both - np.uint16(uppers << np.uint16(8))))
            total[lanes + i] += step * np.int32(uppers)


@compiled
def _add_wide(active: Int32Array, pairs: Pairs, first: int, part: Pairs) -> None:
    """Add the rows of active sources, 64 pairs each; then the upper bytes of their numbers."""
    both_0, both_1, upper_0, upper_1 = zeros(WIDTH), zeros(WIDTH), zeros(WIDTH), zeros(WIDTH)
    for i in range(active.size):
        place = first + np.int64(active[i]) * WIDE
        found_0, found_1 = load(pairs, place, WIDTH), load(pairs, place + WIDTH, WIDTH)
        both_0, both_1 = add(both_0, found_0), add(both_1, found_1)
        upper_0, upper_1 = add(upper_0, upper(found_0)), add(upper_1, upper(found_1))
    store(both_0, part, 0)
    store(both_1, part, WIDTH)
    store(upper_0, part, 2 * WIDTH)
    store(upper_1, part, 3 * WIDTH)


@compiled
def _add_narrow(active: Int32Array, pairs: Pairs, first: int, part: Pairs) -> None:
    """The same for 32 pairs."""
    both, uppers = zeros(WIDTH), zeros(WIDTH)
    for i in range(active.size):
        found = load(pairs, first + np.int64(active[i]) * NARROW, WIDTH)
        both, uppers = add(both, found), add(uppers, upper(found))
    store(both, part, 0)
    store(uppers, part, WIDTH)


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
