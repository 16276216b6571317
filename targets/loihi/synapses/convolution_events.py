"""Compiled loops over convolutions: by source, adding kernels wherever a message reaches, and over patches.

Sums are kept modulo 2^32, which is exact, as they wrap at 24 bits in the end, or in 16 bits where those hold them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.jit import compiled, inlined
from neurotool.targets.loihi.synapses.active import list_active
from neurotool.targets.loihi.synapses.convolution_sums import add_sums, wrap
from neurotool.targets.loihi.synapses.geometry import Axis
from neurotool.targets.loihi.synapses.vectors import CHANNELS, add_channels, add_products

AnyArray = npt.NDArray[Any]


@compiled
def scatter_rows(
    messages: AnyArray,
    kernels: AnyArray,
    counts_y: Int32Array,
    runs_y: Int32Array,
    outputs_y: int,
    counts_x: Int32Array,
    runs_x: Int32Array,
    outputs_x: int,
    sums: AnyArray,
    activation: Int32Array,
    first_row: int,
    last_row: int,
) -> None:
    """Add what the messages of some rows deliver.

    Args:
        messages: Bool or integers modulo 2^32, ``[row, source]``.
        kernels: ``[channel in, row, column * lane]``, columns in the order of the runs; a lane is a channel out of the
            group, and there may be more lanes than channels.
        counts_y: Of the lines that each line of the source reaches, as the next two; see :class:`.geometry.Runs`.
        runs_y: One tap at a time.
        outputs_y: Their number.
        counts_x: Of the columns that each position of a line reaches, as the next two.
        runs_x: Joined.
        outputs_x: Their number.
        sums: Zeros, and left as such, ``[group, position * lane]``, of the same type as the kernels.
        activation: Added to, ``[row, group, channel out of the group, position]``.
        first_row: First row to treat.
        last_row: Row to stop before.
    """
    channels, taps, length = kernels.shape
    lines, width, groups, lanes = counts_y.size, counts_x.size, sums.shape[0], sums.shape[1] // (outputs_y * outputs_x)
    flat, flat_kernels, flat_sums = (
        messages.reshape(messages.size),
        kernels.reshape(kernels.size),
        sums.reshape(sums.size),
    )
    active = np.empty(width + 1, np.int32)
    for row in range(first_row, last_row):
        for line in range(lines * channels):  # all channels of a line lead to the same few lines, in a near cache
            y, channel = divmod(line, channels)
            start = ((row * channels + channel) * lines + y) * width
            kernel, group = channel * taps * length, channel // (channels // groups) * sums.shape[1]
            for k in range(list_active(flat, start, width, active)):
                x, message = active[k], np.int32(flat[start + active[k]])
                for j in range(counts_x[x]):
                    tap, lead = kernel + runs_x[x, j, 0] * lanes, group + runs_x[x, j, 1] * lanes
                    for i in range(counts_y[y]):
                        weight, place = tap + runs_y[y, i, 0] * length, lead + runs_y[y, i, 1] * outputs_x * lanes
                        _add_taps(flat_sums, place, flat_kernels, weight, runs_x[x, j, 2] * lanes, lanes, message)
        add_positions(sums, activation[row])


@inlined
def _add_taps(
    sums: AnyArray, place: int, kernels: AnyArray, weight: int, count: int, lanes: int, message: np.int32
) -> None:
    """Add successive weights of a kernel, times a message."""
    if lanes % CHANNELS:  # few channels do not fill a vector
        for i in range(count):
            sums[place + i] += message * kernels[weight + i]
    elif message == 1:
        for i in range(0, count, CHANNELS):
            add_channels(sums, place + i, kernels, weight + i)
    else:
        for i in range(0, count, CHANNELS):
            add_products(sums, place + i, kernels, weight + i, message)


@compiled
def add_positions(sums: AnyArray, activation: Int32Array) -> None:
    """Wrap sums, add them where they belong, and set them to zero.

    Args:
        sums: 16 bits where those hold every sum, or 32, ``[group, position * lane]``.
        activation: Added to, ``[group, channel out of the group, position]``.
    """
    groups, channels, positions = activation.shape
    flat_sums, targets = sums.reshape(sums.size), activation.reshape(activation.size)
    if sums.itemsize > 2:
        for i in range(flat_sums.size):
            flat_sums[i] = wrap(flat_sums[i])
    for group in range(groups):
        lead = group * channels * positions
        first, lanes = group * sums.shape[1], sums.shape[1] // positions
        add_sums(flat_sums, first, lanes, positions, targets, lead, channels, positions)
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
                activation[row, group, channel, position] += wrap(total)
