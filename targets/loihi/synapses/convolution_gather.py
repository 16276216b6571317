"""Compiled loops over convolutions by target: for every position, add the weights of the active sources in its window.

The sums of a position stay in registers meanwhile, 16 bits each, which must hold the final ones; on the way there they
may wrap. The active sources of a line are listed by column, so that those in a window follow each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from neurotool.targets.loihi.jit import compiled, inlined
from neurotool.targets.loihi.synapses.active import list_active
from neurotool.targets.loihi.synapses.convolution_sums import add_sums
from neurotool.targets.loihi.synapses.vectors import CHANNELS, add, copy_raised, load, store, zeros

Bools = npt.NDArray[np.bool_]
Int16Array = npt.NDArray[np.int16]
Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
Sizes = tuple[int, ...]
"""An axis of a convolution, with a dilation of 1; see :class:`.geometry.Axis`."""

LANES = (16, 32, 64)
"""Channels out that may be added together: as many as fill one or two vectors of the processor."""


def lanes_for(channels: int) -> int:
    """Return how many channels out to add together."""
    return next((lanes for lanes in LANES if channels <= lanes), LANES[-1])


@cache
def gather_rows(lanes: int) -> Callable[[Bools, Int16Array, Sizes, Sizes, Int32Array, int, int], None]:
    """Return the loop over rows that adds so many channels out together, compiled when first called.

    Its arguments are spikes ``[row, source]``, kernels ``[strip, tap row, tap column, channel in, lane]``, where a lane
    is a channel out of a strip, the vertical and the horizontal axis, the activation that is added to, ``[row, channel
    out, position]``, the first row to treat, and the row to stop before.
    """

    def loop(
        spikes: Bools,
        kernels: Int16Array,
        vertical: Sizes,
        horizontal: Sizes,
        activation: Int32Array,
        first_row: int,
        last_row: int,
    ) -> None:
        height, lines, taps, stride, padding, _ = vertical
        width, columns, taps_x = horizontal[:3]
        strips, channels, channels_out = kernels.shape[0], kernels.shape[3], activation.shape[1]
        flat, weights, targets = spikes.reshape(-1), kernels.reshape(-1), activation.reshape(-1)
        # As many lines as a window spans are listed at a time, each in place of the one that no window spans any more.
        starts = np.empty((taps, width + 1), np.int32)
        entries = np.empty((taps, channels * width + CHANNELS), np.int32)
        active, window = np.empty((channels, width + 1), np.int32), np.empty(kernels[0].size + CHANNELS, np.int32)
        sums = np.empty(columns * strips * lanes, np.int16)
        for row in range(first_row, last_row):
            image, listed = row * channels * height * width, 0
            for y in range(lines):
                top = y * stride - padding
                low, high = max(top, 0), min(top + taps, height)
                for line in range(max(low, listed), high):
                    place, slot = image + line * width, line % taps
                    _list_line(flat, place, height * width, active, starts[slot], entries[slot])
                listed = max(listed, high)
                slots = np.array([line % taps for line in range(low, high)], np.int64)
                for x in range(columns):
                    tap = (low - top) * taps_x * channels
                    found = _fill_window(entries, starts, slots, tap, horizontal, x, channels, window)
                    for strip in range(strips):
                        total, first = zeros(lanes), strip * kernels[0].size
                        for k in range(found):
                            total = add(total, load(weights, first + np.int64(window[k]) * lanes, lanes))
                        store(total, sums, (x * strips + strip) * lanes)
                lead = (row * channels_out * lines + y) * columns
                add_sums(sums, 0, strips * lanes, columns, targets, lead, channels_out, lines * columns)

    return compiled(loop)


@compiled
def _list_line(
    spikes: Bools, first: int, distance: int, active: Int32Array, starts: Int32Array, entries: Int32Array
) -> None:
    """List the active sources of a line, by column and then by channel.

    Args:
        spikes: Of all sources, one axis.
        first: Where the line of the first channel begins.
        distance: Between the lines of neighbouring channels.
        active: Room, ``[channel, column + 1]``.
        starts: Filled in with the first entry of each column, and their number behind the last.
        entries: Filled in: ``column * channels + channel``.
    """
    channels, width = active.shape[0], active.shape[1] - 1
    counts = np.empty(channels, np.int64)
    starts[:] = 0
    for channel in range(channels):
        counts[channel] = list_active(spikes, first + channel * distance, width, active[channel])
        for k in range(counts[channel]):
            starts[active[channel, k] + 1] += 1
    for x in range(width):
        starts[x + 1] += starts[x]
    for channel in range(channels):
        for k in range(counts[channel]):
            x = active[channel, k]
            entries[starts[x]] = x * channels + channel
            starts[x] += 1
    for x in range(width, 0, -1):  # every column now ends where the next began
        starts[x] = starts[x - 1]
    starts[0] = 0


@inlined
def _fill_window(
    entries: Int32Array,
    starts: Int32Array,
    slots: IntArray,
    tap: int,
    horizontal: Sizes,
    x: int,
    channels: int,
    window: Int32Array,
) -> int:
    """List the taps that the active sources of a window meet, and return their number.

    Args:
        entries: Active sources of some lines, as the next; see :func:`_list_line`.
        starts: First of each column.
        slots: Where the lines of the window lie in these, from above.
        tap: First tap of the first line.
        horizontal: Columns of the convolution.
        x: Column of the target.
        channels: Channels in.
        window: Filled in: ``(tap row * taps of a row + tap column) * channels + channel``.
    """
    width, _, taps, stride, padding, _ = horizontal
    left, room, found = x * stride - padding, entries.shape[1], 0
    begin = min(max(left, 0), width)
    end = min(max(left + taps, begin), width)
    listed = entries.reshape(-1)
    for i in range(slots.size):
        start, stop = starts[slots[i], begin], starts[slots[i], end]
        place, raised = slots[i] * room + start, np.int32(tap + (i * taps - left) * channels)
        # The first few without a branch, which the processor would mispredict often; more are copied than wanted.
        copy_raised(listed, place, window, found, raised)
        for k in range(CHANNELS, stop - start, CHANNELS):
            copy_raised(listed, place + k, window, found + k, raised)
        found += stop - start
    return found
