"""Fixed-point arithmetic shared by the neuron models, as Lava's bit-accurate processes compute it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
    return values.astype(np.int32).astype(np.int64)


def decay(values: IntArray, amount: IntArray) -> IntArray:
    """Multiply by ``(4096 - amount) / 4096``, rounding the magnitude down."""
    product = values * (DECAY_UNITY - amount)
    return np.asarray(np.sign(product) * (np.abs(product) >> 12), np.int64)


def check_range(variable: str, values: IntArray, limit: int) -> None:
    """Raise :class:`RangeError` for the first value whose magnitude exceeds ``limit``."""
    outside = np.abs(values) > limit
    if outside.any():
        index = tuple(int(i) for i in np.argwhere(outside)[0])
        raise RangeError(variable, index, int(values[index]), limit)
