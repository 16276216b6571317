"""Compiled loops over convolutions. Sums are kept modulo 2^32, which is exact, as they wrap at 24 bits in the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.synapses.geometry import Axis, Runs

AnyArray = npt.NDArray[Any]
Int32Array = npt.NDArray[np.int32]

SUM_LIMIT = np.int32(1 << 23)
"""Sums wrap at this magnitude."""

SPAN = np.int32(2 * SUM_LIMIT - 1)


@compiled
def scatter_kernels(messages: AnyArray, kernels: AnyArray, vertical: Runs, horizontal: Runs, sums: Int32Array) -> None:
    """Add the kernel of every message wherever it leads.

    Args:
        messages: Bool or integers modulo 2^32 of one row, ``[source]``.
        kernels: ``[channel in, row, column * channel out / groups]``, columns in the order of the runs.
        vertical: Rows that each position reaches, one tap at a time.
        horizontal: Columns that each position reaches.
        sums: Added to, ``[group, position * channel out / groups]``.
    """
    channels, height, width = kernels.shape[0], vertical.counts.size, horizontal.counts.size
    inside = channels // sums.shape[0]
    out = sums.shape[1] // (vertical.outputs * horizontal.outputs)
    active = np.empty(width + 1, np.int32)
    for channel in range(channels):
        group = sums[channel // inside]
        for y in range(height):
            start = (channel * height + y) * width
            count = 0
            for x in range(width):  # without a branch, as the processor cannot predict spikes
                active[count] = x
                count += messages[start + x] != 0
            for k in range(count):
                x, message = active[k], np.int32(messages[start + active[k]])
                for i in range(vertical.counts[y]):
                    line, kernel = vertical.leads[y, i] * horizontal.outputs, kernels[channel, vertical.places[y, i]]
                    for j in range(horizontal.counts[x]):
                        place, lead = horizontal.places[x, j] * out, (line + horizontal.leads[x, j]) * out
                        length = horizontal.lengths[x, j] * out
                        _add_product(kernel[place : place + length], message, group[lead : lead + length])


@compiled
def _add_product(kernel: Int32Array, message: np.int32, sums: Int32Array) -> None:
    if message == 1:
        for i in range(kernel.size):
            sums[i] += kernel[i]
    else:
        for i in range(kernel.size):
            sums[i] += np.int32(message * kernel[i])


@compiled
def _wrap(total: np.int32) -> np.int32:
    return np.int32(np.int32((total + SUM_LIMIT) & SPAN) - SUM_LIMIT)


@compiled
def add_channels(sums: Int32Array, activation: Int32Array) -> None:
    """Wrap sums, add them where they belong, and set them to zero.

    Args:
        sums: ``[group, position * channel out / groups]``.
        activation: Added to, ``[group, channel out / groups, position]``.
    """
    groups, channels, positions = activation.shape
    for group in range(groups):
        i = 0
        for position in range(positions):
            for channel in range(channels):
                activation[group, channel, position] += _wrap(sums[group, i])
                i += 1
    sums[:] = 0


@compiled
def lay_out_patches(image: AnyArray, first_channel: int, vertical: Axis, horizontal: Axis, patches: AnyArray) -> None:
    """Write what each tap of a kernel meets at each position.

    Args:
        image: Padded messages, columns parted by remainder modulo the stride, ``[row, channel, y, remainder, x]``.
        first_channel: First channel to write.
        vertical: Rows of the convolution.
        horizontal: Its columns.
        patches: Filled in, ``[channel, tap row, tap column, row, y, x]``.
    """
    for channel, i, j in np.ndindex(patches.shape[:3]):
        start, remainder = divmod(j * horizontal.dilation, horizontal.stride)
        for row in range(image.shape[0]):
            for output in range(vertical.outputs):
                y = output * vertical.stride + i * vertical.dilation
                line = image[row, first_channel + channel, y, remainder]
                _copy(line[start : start + horizontal.outputs], patches[channel, i, j, row, output])


@compiled
def _copy(source: AnyArray, target: AnyArray) -> None:
    for i in range(target.size):
        target[i] = source[i]


@compiled
def add_wrapped(sums: AnyArray, group: int, activation: Int32Array) -> None:
    """Wrap sums and add them where they belong.

    Args:
        sums: Whole numbers, ``[channel, row, position]``.
        group: Group of the channels.
        activation: Added to, ``[row, group, channel, position]``.
    """
    channels, rows, positions = sums.shape
    for row in range(rows):
        for channel in range(channels):
            for position in range(positions):
                total = np.int32(np.int64(sums[channel, row, position]))
                activation[row, group, channel, position] += _wrap(total)
