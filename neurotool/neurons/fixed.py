"""Fixed-point arithmetic shared by the neuron models, as Lava's bit-accurate processes compute it.

It works on int64 arrays of any library that follows the array API standard, so that one readable step serves all.
"""

from __future__ import annotations

import numpy as np
from array_api_compat import array_namespace

from neurotool.arrays import Int64Array
from neurotool.ir import registers
from neurotool.neurons.model import RangeError

STATE_LIMIT = 1 << 23
"""States are 24-bit integers; magnitudes reach 2^23 - 1."""

WORD_LIMIT = 1 << 31
"""Lava's models multiply and add in 32 bits; beyond magnitudes of 2^31 - 1 they wrap."""

DECAY_UNITY = registers.DECAY_UNITY
"""A decay of 4096 loses everything in one step."""

ALIGNMENT = 6
"""Synaptic activation and thresholds are shifted left by six bits to meet the states."""


def wrap32(values: Int64Array) -> Int64Array:
    """Wrap to 32-bit two's complement, as numpy does when Lava casts to int32."""
    return ((values + (1 << 31)) & ((1 << 32) - 1)) - (1 << 31)


def shift_left(values: Int64Array, bits: int | Int64Array) -> Int64Array:
    """Shift left in 32 bits."""
    return wrap32(values << bits)


def magnitude(values: Int64Array) -> Int64Array:
    """Absolute value in 32 bits, where that of -2^31 is -2^31."""
    return wrap32(abs(values))


def decay(values: Int64Array, amount: Int64Array) -> Int64Array:
    """Multiply by ``(4096 - amount) / 4096``, rounding the magnitude down."""
    return shift_to_zero(values * (DECAY_UNITY - amount), 12)


def shift_to_zero(values: Int64Array, bits: int | Int64Array) -> Int64Array:
    """Shift right, rounding the magnitude down."""
    xp = array_namespace(values)
    shifted: Int64Array = xp.sign(values) * (abs(values) >> bits)
    return shifted


def saturate(values: Int64Array) -> Int64Array:
    """Clip to the 24-bit states."""
    clipped: Int64Array = array_namespace(values).clip(values, -(STATE_LIMIT - 1), STATE_LIMIT - 1)
    return clipped


def check_range(variable: str, values: Int64Array, limit: int, low: int | None = None) -> None:
    """Raise :class:`RangeError` for the first value outside ``low..limit``; ``low`` is ``-limit`` unless given."""
    outside = (values > limit) | (values < (-limit if low is None else low))
    if outside.any():
        xp = array_namespace(values)
        first = int(xp.nonzero(xp.reshape(outside, (-1,)))[0][0])  # without numpy, which reads no device's memory
        index = tuple(int(i) for i in np.unravel_index(first, tuple(values.shape)))
        raise RangeError(variable, index, int(values[index]), limit, low)
