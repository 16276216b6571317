"""Fixed-point arithmetic of compiled neurons in 64 bits: :mod:`neurotool.neurons.fixed` for single numbers."""

from __future__ import annotations

import numpy as np

from neurotool.neurons.fixed import STATE_LIMIT, WORD_LIMIT
from neurotool.targets.loihi.scans.loop import inner

TOP = np.int64(STATE_LIMIT - 1)
WORD = np.int64(WORD_LIMIT - 1)


@inner
def shift_to_zero(value: np.int64, bits: np.int64) -> np.int64:
    """Shift right, rounding the magnitude down: a negative value is rounded up."""
    return np.int64((value + ((value >> 63) & ((1 << bits) - 1))) >> bits)


@inner
def decay(value: np.int32, keep: np.int32) -> np.int64:
    """Return ``value * keep / 4096``, rounded towards zero."""
    return shift_to_zero(np.int64(value) * np.int64(keep), np.int64(12))


@inner
def saturate(value: np.int64) -> np.int64:
    """Clip to the 24-bit states."""
    return min(max(value, -TOP), TOP)


@inner
def is_wide(value: np.int64) -> bool:
    """Whether a value exceeds the 24-bit states."""
    return bool(value > TOP or value < -TOP)


@inner
def wraps(value: np.int64) -> bool:
    """Whether strict mode takes a product for one that 32 bits do not hold."""
    return bool(value > WORD or value < -WORD)


@inner
def magnitude(value: np.int32) -> np.int32:
    """Absolute value in 32 bits, where that of -2^31 is -2^31."""
    return np.int32(abs(np.int64(value)))
