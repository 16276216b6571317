"""Compiled loops over convolutions by target: for every position, add the weights of the active sources in its window.

The sums of a position stay in registers meanwhile, 16 bits each, which must hold the final ones; on the way there they
may wrap. Active sources are listed by pixel, so that those of a line of a window follow each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from neurotool.arrays import BoolArray, Int16Array, Int32Array
from neurotool.targets.loihi.jit import compiled, inlined
from neurotool.targets.loihi.synapses.active import list_active
from neurotool.targets.loihi.synapses.convolution_sums import add_sums
from neurotool.targets.loihi.synapses.vectors import CHANNELS, add, copy_raised, load, store, zeros

Sizes = tuple[int, ...]
"""An axis of a convolution, with a dilation of 1; see :class:`.geometry.Axis`."""

LANES = (16, 32, 64)
"""Channels out that may be added together: as many as fill one or two vectors of the processor."""


def lanes_for(channels: int) -> int:
    """Return how many channels out to add together."""
    return next((lanes for lanes in LANES if channels <= lanes), LANES[-1])


@cache
def gather_rows(lanes: int) -> Callable[[BoolArray, Int16Array, Sizes, Sizes, Int32Array, int, int], None]:
    """Return the loop over rows that adds so many channels out together, compiled when first called.

    Its arguments are spikes ``[row, source]``, kernels ``[strip, tap row, tap column, channel in, lane]``, where a lane
    is a channel out of a strip, the vertical and the horizontal axis, the activation that is added to, ``[row, channel
    out, position]``, the first row to treat, and the row to stop before.
    """

    def loop(
        spikes: BoolArray,
        kernels: Int16Array,
        vertical: Sizes,
        horizontal: Sizes,
        activation: Int32Array,
        first_row: int,
        last_row: int,
    ) -> None:
        height, lines, taps, stride, padding, _ = vertical
        width, columns = horizontal[:2]
        strips, channels, channels_out = kernels.shape[0], kernels.shape[3], activation.shape[1]
        flat, weights, targets = spikes.reshape(-1), kernels.reshape(-1), activation.reshape(-1)
        pixels, sources = height * width, height * width * channels
        active, starts = np.empty((channels, pixels + 1), np.int32), np.empty(pixels + 1, np.int32)
        entries, window = np.empty(sources + CHANNELS, np.int32), np.empty(kernels[0].size + CHANNELS, np.int32)
        sums = np.empty(columns * strips * lanes, np.int16)
        for row in range(first_row, last_row):
            _list_by_pixel(flat, row * sources, active, starts, entries)
            for y in range(lines):
                top = y * stride - padding
                low, high = max(top, 0), min(top + taps, height)
                for x in range(columns):
                    found = _fill_window(entries, starts, top, low, high, horizontal, x, channels, window)
                    for strip in range(strips):
                        total, first = zeros(lanes), strip * kernels[0].size
                        for k in range(found):
                            total = add(total, load(weights, first + np.int64(window[k]) * lanes, lanes))
                        store(total, sums, (x * strips + strip) * lanes)
                lead = (row * channels_out * lines + y) * columns
                add_sums(sums, 0, strips * lanes, columns, targets, lead, channels_out, lines * columns)

    return compiled(loop)


@compiled
def _list_by_pixel(spikes: BoolArray, first: int, active: Int32Array, starts: Int32Array, entries: Int32Array) -> None:
    """List the active sources of an image, by pixel and then by channel.

    Args:
        spikes: Of all images, one axis.
        first: Where the image begins.
        active: Room, ``[channel, pixel + 1]``.
        starts: Filled in with the first entry of each pixel, and their number behind the last.
        entries: Filled in: ``pixel * channels + channel``.
    """
    channels, pixels = active.shape[0], active.shape[1] - 1
    counts = np.empty(channels, np.int64)
    starts[:] = 0
    for channel in range(channels):
        counts[channel] = list_active(spikes, first + channel * pixels, pixels, active[channel])
        for k in range(counts[channel]):
            starts[active[channel, k] + 1] += 1
    for pixel in range(pixels):
        starts[pixel + 1] += starts[pixel]
    for channel in range(channels):
        for k in range(counts[channel]):
            pixel = active[channel, k]
            entries[starts[pixel]] = pixel * channels + channel
            starts[pixel] += 1
    for pixel in range(pixels, 0, -1):  # every pixel now ends where the next began
        starts[pixel] = starts[pixel - 1]
    starts[0] = 0


@inlined
def _fill_window(
    entries: Int32Array,
    starts: Int32Array,
    top: int,
    low: int,
    high: int,
    horizontal: Sizes,
    x: int,
    channels: int,
    window: Int32Array,
) -> int:
    """List the taps that the active sources of a window meet, and return their number.

    Args:
        entries: Active sources; see :func:`_list_by_pixel`, as for the next.
        starts: First entry of each pixel.
        top: Line with which the window begins; it may lie outside the image.
        low: First line of the window in the image.
        high: Line to stop before.
        horizontal: Columns of the convolution.
        x: Column of the target.
        channels: Channels in.
        window: Filled in: ``(tap row * taps of a row + tap column) * channels + channel``.
    """
    width, _, taps, stride, padding, _ = horizontal
    left, found = x * stride - padding, 0
    begin = min(max(left, 0), width)
    end = min(max(left + taps, begin), width)
    for line in range(low, high):
        start, stop = starts[line * width + begin], starts[line * width + end]
        raised = np.int32(((line - top) * taps - line * width - left) * channels)
        # The first few without a branch, which the processor would mispredict often; more are copied than wanted.
        copy_raised(entries, start, window, found, raised)
        if stop - start > CHANNELS:
            for k in range(start + CHANNELS, stop, CHANNELS):
                copy_raised(entries, k, window, found + k - start, raised)
        found += stop - start
    return found
