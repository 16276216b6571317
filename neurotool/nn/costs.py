"""Parameters and floating-point operations of fusions, in full and factored.

An operation is counted as :mod:`neurotool.targets.gpu.flops` counts it: two for each multiply-accumulate of a product
of matrices, a bias being part of it, and one for each element of any other operation.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurotool.nn.tucker import Ranks


@dataclass(frozen=True)
class Cost:
    """Size and work of a fusion.

    Attributes:
        parameters: Number of weights and biases.
        flops: Floating-point operations for the batch.
    """

    parameters: int
    flops: int


def bilinear_cost(left: int, right: int, out: int, batch: int = 1) -> Cost:
    """Cost of :class:`neurotool.nn.BilinearFusion`."""
    weights = left * right * out
    return Cost(weights + out, batch * (2 * weights + 2 * right * out + out))


def tucker_cost(left: int, right: int, out: int, ranks: Ranks, batch: int = 1) -> Cost:
    """Cost of :class:`neurotool.nn.TuckerFusion` with a bias."""
    r1, r2, r3 = ranks
    factors, core = left * r1 + right * r2 + out * r3, r1 * r2 * r3
    return Cost(factors + core + out, batch * 2 * (factors + core + r2 * r3))


def low_rank_cost(left: int, right: int, out: int, ranks: Ranks, terms: int, batch: int = 1) -> Cost:
    """Cost of :class:`neurotool.nn.LowRankFusion` with a bias."""
    r1, r2, r3 = ranks
    factors, slices, products = left * r1 + right * r2 + out * r3, terms * r3 * (r1 + r2), terms * r3
    return Cost(factors + slices + out, batch * (2 * (factors + slices) + 2 * products))
