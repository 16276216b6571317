"""Rounds floats to the integers that the hardware holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.program import SignMode
from neurotool.ir.registers import weight_range, weight_step

PIECE = 1 << 20
"""Values that are worked on together."""

BIAS_MANTISSA = 4095
BIAS_EXPONENT = 7


def sign_mode(weights: Float64Array) -> SignMode:
    """Signs of a matrix; one-sided matrices have one bit more for the magnitude."""
    if (weights >= 0).all():
        return SignMode.EXCITATORY
    return SignMode.INHIBITORY if (weights <= 0).all() else SignMode.MIXED


def largest_mantissa(weight_bits: int, mode: SignMode) -> int:
    """Largest magnitude available to both signs that the mode allows."""
    low, high = weight_range(weight_bits, mode)
    return -low if mode is SignMode.INHIBITORY else high


def weights(scaled: Float64Array, weight_bits: int, mode: SignMode) -> Int64Array:
    """Round to the nearest mantissa that Lava leaves unchanged (even numbers, for eight signed bits)."""
    step = weight_step(weight_bits, mode)
    low, high = weight_range(weight_bits, mode)
    rounded = np.empty(scaled.shape, np.int64)
    for piece in pieces(scaled):
        rounded[piece] = np.clip(np.rint(scaled[piece] / step) * step, low, high)
    return rounded


def pieces(values: npt.NDArray[np.generic]) -> Iterator[slice]:
    """Yield slices of the first axis of an array that is too large to be copied several times."""
    step = max(1, PIECE // max(1, values[:1].size))
    yield from (slice(first, first + step) for first in range(0, len(values), step))


def decay(share: Float64Array, offset: int = 0) -> Int64Array:
    """Round a share lost per step to a 12-bit decay; ``offset`` is 1 for the current, whose register counts from it."""
    rounded: Int64Array = np.clip(np.rint(share * 4096) - offset, 0, 4095).astype(np.int64)
    return rounded


def threshold(scaled: Float64Array, *, inclusive: bool) -> Int64Array:
    """Round a threshold. The chip fires strictly above it, so one that itself fires is the next integer below."""
    rounded: Int64Array = (np.ceil(scaled - 1e-9) - 1 if inclusive else np.rint(scaled)).astype(np.int64)
    return rounded


def bias(scaled: Float64Array) -> tuple[Int64Array, Int64Array]:
    """Split biases into a 13-bit mantissa and the smallest exponent that makes it fit."""
    whole = np.rint(scaled)
    exponent = np.zeros(scaled.shape, np.int64)
    for candidate in range(BIAS_EXPONENT + 1):
        too_large = np.abs(np.rint(whole / 2**exponent)) > BIAS_MANTISSA
        exponent = np.where(too_large, candidate, exponent)
    mantissa = np.rint(whole / 2**exponent).astype(np.int64)
    return mantissa, exponent
