"""Fixed-point arithmetic shared by the neuron models, as Lava's bit-accurate processes compute it.

It works on int64 arrays of any library that follows the array API standard, so that one readable step serves all.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from array_api_compat import array_namespace

from neurotool.neurons.model import RangeError

IntArray = npt.NDArray[np.int64]

STATE_LIMIT = 1 << 23
"""States are 24-bit integers; magnitudes reach 2^23 - 1."""

DECAY_UNITY = 1 << 12
"""A decay of 4096 loses everything in one step."""

ALIGNMENT = 6
"""Synaptic activation and thresholds are shifted left by six bits to meet the states."""


def wrap32(values: IntArray) -> IntArray:
    """Wrap to 32-bit two's complement, as numpy does when Lava casts to int32."""
    return ((values + (1 << 31)) & ((1 << 32) - 1)) - (1 << 31)


def shift_left(values: IntArray, bits: int | IntArray) -> IntArray:
    """Shift left in 32 bits."""
    return wrap32(values << bits)


def magnitude(values: IntArray) -> IntArray:
    """Absolute value in 32 bits, where that of -2^31 is -2^31."""
    return wrap32(abs(values))


def decay(values: IntArray, amount: IntArray) -> IntArray:
    """Multiply by ``(4096 - amount) / 4096``, rounding the magnitude down."""
    return shift_to_zero(values * (DECAY_UNITY - amount), 12)


def shift_to_zero(values: IntArray, bits: int | IntArray) -> IntArray:
    """Shift right, rounding the magnitude down."""
    xp = array_namespace(values)
    shifted: IntArray = xp.sign(values) * (abs(values) >> bits)
    return shifted


def saturate(values: IntArray) -> IntArray:
    """Clip to the 24-bit states."""
    clipped: IntArray = array_namespace(values).clip(values, -(STATE_LIMIT - 1), STATE_LIMIT - 1)
    return clipped


def check_range(variable: str, values: IntArray, limit: int) -> None:
    """Raise :class:`RangeError` for the first value whose magnitude exceeds ``limit``."""
    outside = abs(values) > limit
    if outside.any():
        xp = array_namespace(values)
        first = int(xp.nonzero(xp.reshape(outside, (-1,)))[0][0])  # without numpy, which reads no device's memory
        index = tuple(int(i) for i in np.unravel_index(first, tuple(values.shape)))
        raise RangeError(variable, index, int(values[index]), limit)
