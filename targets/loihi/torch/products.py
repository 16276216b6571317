"""Products of integer matrices that are exact, by proof, in floating point.

A floating-point sum is exact, in whatever order and with whatever fused operations it is formed, when every partial sum
is a whole number that the format holds: as long as the magnitudes of all weights of a target times the largest message
stay below 2^24 in float32 and below 2^53 in float64. Larger messages are cut into limbs of fewer bits where sums wrap
in any case, and multiplied one by one in integers where each product wraps for itself. No device has a fast product of
64-bit integers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import torch

FLOAT32_LIMIT = 1 << 24
FLOAT64_LIMIT = 1 << 53
PIECE_BYTES = 1 << 26
"""Size of the products that are formed one by one at once."""


class Arithmetic(StrEnum):
    """How a projection was computed; the values are what people read."""

    FLOAT32 = "float32 product"
    FLOAT64 = "float64 product"
    LIMBS = "float64 product of limbs"
    SINGLE = "integer products one by one"


class Matrix(Protocol):
    """Weights from sources to targets, in any form.

    Attributes:
        targets: Number of target neurons.
        largest_sum: Largest sum of magnitudes of the weights of a target.
        largest_weight: Largest magnitude of a weight.
    """

    targets: int
    largest_sum: int
    largest_weight: int

    def multiply(self, messages: torch.Tensor) -> torch.Tensor:
        """Sum weights times messages in the floating-point type of these, ``[row, source]`` to ``[row, target]``."""
        ...


class ListedMatrix(Matrix, Protocol):
    """A matrix that can list its synapses."""

    def listed(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return target, source and weight of every synapse, int64."""
        ...


def wrap(values: torch.Tensor, bits: int) -> torch.Tensor:
    """Wrap integers to two's complement of so many bits."""
    half = 1 << (bits - 1)
    return ((values + half) & (2 * half - 1)) - half


def multiply(matrix: Matrix, messages: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    """Multiply in a floating-point type that is known to hold all sums, int64 ``[row, target]``."""
    return matrix.multiply(messages.to(kind)).to(torch.int64)


def multiply_limbs(matrix: Matrix, messages: torch.Tensor, bits: int) -> torch.Tensor:
    """Multiply messages of any size modulo 2^bits, with at most 32 bits.

    Sums modulo a power of two depend on the messages modulo the same power only. They are cut into limbs so short that
    float64 holds the sums of each. The last limb is signed.

    Args:
        matrix: Weights.
        messages: Integers, ``[row, source]``.
        bits: Bits that sums are wrapped to.

    Returns:
        The sums, ``[row, target]``.
    """
    limb = FLOAT64_LIMIT.bit_length() - 1 - matrix.largest_sum.bit_length()
    wrapped = wrap(messages.to(torch.int64), bits)
    total = torch.zeros((len(messages), matrix.targets), dtype=torch.int64, device=messages.device)
    for shift in range(0, bits, limb):
        part = wrapped >> shift
        if shift + limb < bits:
            part = part & ((1 << limb) - 1)
        # 32 bits shifted by at most 31: nothing here comes near 64 bits.
        total = wrap(total + (wrap(multiply(matrix, part, torch.float64), bits) << shift), bits)
    return total


def multiply_singly(matrix: ListedMatrix, messages: torch.Tensor) -> torch.Tensor:
    """Multiply one by one, wrap every product at 32 bits and add them without a wrap, int64 ``[row, target]``."""
    targets, sources, weights = matrix.listed()
    wrapped = wrap(messages.to(torch.int64), 32)
    total = torch.zeros((len(messages), matrix.targets), dtype=torch.int64, device=messages.device)
    rows = max(1, PIECE_BYTES // (8 * max(1, len(weights))))
    for first in range(0, len(messages), rows):
        products = wrap(wrapped[first : first + rows, sources] * weights, 32)
        total[first : first + rows].index_add_(1, targets, products)
    return total
