"""Shifts sums by the exponent of a projection and adds them to what arrives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.jit import compiled


@compiled
def add_shifted(sums: npt.NDArray[Any], exponent: int, wraps: bool, activation: Int32Array) -> None:
    """Shift sums that floats hold exactly, and add them.

    Args:
        sums: Whole numbers, ``[row, target]``.
        exponent: Power of two on each sum, rounding towards minus infinity.
        wraps: Whether sums wrap at 32 bits before.
        activation: Added to, ``[row, target]``.
    """
    rows, targets = sums.shape
    for row in range(rows):
        for target in range(targets):
            total = np.int64(sums[row, target])
            if wraps:
                total = np.int64(np.int32(total))
            activation[row, target] += np.int32(total << exponent if exponent >= 0 else total >> -exponent)


@compiled
def add_shifted_row(total: npt.NDArray[Any], exponent: int, activation: Int32Array) -> None:
    """Shift the sums of one row, rounding towards minus infinity, and add them modulo 2^32."""
    if exponent >= 0:
        factor = np.int32(1 << exponent)  # a product keeps 32-bit lanes, where numba shifts in 64 bits
        for target in range(total.size):
            activation[target] += np.int32(np.int32(total[target]) * factor)
    else:
        for target in range(total.size):
            activation[target] += np.int32(total[target] >> -exponent)
