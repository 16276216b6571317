"""Compiled loops that add the sums of a convolution, which lie by position, where neurons lie, by channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.synapses.vectors import TILE, add_transposed

AnyArray = npt.NDArray[Any]

SUM_LIMIT = np.int32(1 << 23)
"""Sums wrap at this magnitude."""

SPAN = np.int32(2 * SUM_LIMIT - 1)


@compiled
def wrap(total: np.int32) -> np.int32:
    """Wrap a sum at 24 bits."""
    return np.int32(np.int32((total + SUM_LIMIT) & SPAN) - SUM_LIMIT)


@compiled
def add_sums(
    sums: AnyArray, first: int, lanes: int, positions: int, targets: Int32Array, lead: int, channels: int, distance: int
) -> None:
    """Add sums where they belong.

    Args:
        sums: Whole numbers, one axis: ``[position, lane]`` from a first place on.
        first: That place.
        lanes: Lanes of a position, of which the first are its channels.
        positions: Number of positions.
        targets: Added to, one axis: ``[channel, position]`` from a place on.
        lead: That place.
        channels: Number of channels.
        distance: Between neighbouring channels of the targets.
    """
    square_positions, square_channels = positions // TILE * TILE, channels // TILE * TILE
    for position in range(0, square_positions, TILE):
        for channel in range(0, square_channels, TILE):
            place, target = first + position * lanes + channel, lead + channel * distance + position
            add_transposed(sums, place, lanes, targets, target, distance)
    for position in range(positions):
        for channel in range(square_channels if position < square_positions else 0, channels):
            targets[lead + channel * distance + position] += sums[first + position * lanes + channel]
