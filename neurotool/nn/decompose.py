"""Factored fusions from a full bilinear weight: decomposition, choice of ranks, and error against rank.

The decomposition is TensorLy's (Kossaifi et al., JMLR 20(26), 2019): higher-order orthogonal iteration, started from
singular vectors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from neurotool.nn.costs import bilinear_cost, tucker_cost
from neurotool.nn.tucker import LowRankFusion, Ranks, TuckerFusion

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankError:
    """What a rank costs and gives.

    Attributes:
        ranks: Sizes of the core.
        parameters: Weights and biases of the fusion.
        flops: Floating-point operations per sample.
        error: Frobenius norm of what the tensor loses, as a share of its own.
    """

    ranks: Ranks
    parameters: int
    flops: int
    error: float


@dataclass(frozen=True)
class RankErrors:
    """Error against rank for one weight; prints as a table.

    Attributes:
        shape: Shape of the weight, (left, right, out).
        rows: One row per rank.
    """

    shape: Ranks
    rows: tuple[RankError, ...]

    def __str__(self) -> str:
        """A table with the full form for comparison."""
        full = bilinear_cost(*self.shape)
        lines = [f"{'core':>15} {'parameters':>12} {'FLOPs':>12} {'of full':>8} {'error':>9}"]
        for row in self.rows:
            core, share = "x".join(map(str, row.ranks)), row.parameters / full.parameters
            lines.append(f"{core:>15} {row.parameters:>12,} {row.flops:>12,} {share:>8.1%} {row.error:>9.3%}")
        lines.append(f"{'full':>15} {full.parameters:>12,} {full.flops:>12,} {1:>8.1%} {0:>9.3%}")
        return "\n".join(lines)


def tucker_from_weight(weight: Tensor, rank: int | Ranks, bias: Tensor | None = None) -> TuckerFusion:
    """Factor a full bilinear weight.

    Args:
        weight: ``T_ijk``, ``[left, right, out]``.
        rank: Sizes of the core, or one number for all three.
        bias: Bias ``[out]``, or None for none.

    Returns:
        A fusion whose tensor is the best that the decomposition finds for the rank; the weight itself at full rank.
    """
    left, right, out = weight.shape
    made = TuckerFusion(left, right, out, rank, bias=bias is not None)
    core, factors = _tucker(weight, made.ranks)
    with torch.no_grad():
        made.core.copy_(torch.from_numpy(core))
        for held, factor in zip((made.left_factor, made.right_factor, made.out_factor), factors, strict=True):
            held.copy_(torch.from_numpy(factor))
        if made.bias is not None and bias is not None:
            made.bias.copy_(bias)
    return made


def low_rank_from_weight(weight: Tensor, rank: int | Ranks, terms: int, bias: Tensor | None = None) -> LowRankFusion:
    """Factor a full bilinear weight, and each slice of the core into ``terms`` products by its singular values.

    Args:
        weight: ``T_ijk``, ``[left, right, out]``.
        rank: Sizes of the core, or one number for all three.
        terms: Products for each slice; exact from the smaller of the first two ranks on.
        bias: Bias ``[out]``, or None for none.
    """
    left, right, out = weight.shape
    made = LowRankFusion(left, right, out, rank, terms, bias=bias is not None)
    core, factors = _tucker(weight, made.ranks)
    u, s, v = np.linalg.svd(np.moveaxis(core, 2, 0), full_matrices=False)
    kept = min(terms, s.shape[1])
    root = np.sqrt(s[:, :kept])
    with torch.no_grad():
        made.left_slices.zero_()[:, :kept] = torch.from_numpy(np.einsum("kpt,kt->ptk", u[:, :, :kept], root))
        made.right_slices.zero_()[:, :kept] = torch.from_numpy(np.einsum("ktq,kt->qtk", v[:, :kept], root))
        for held, factor in zip((made.left_factor, made.right_factor, made.out_factor), factors, strict=True):
            held.copy_(torch.from_numpy(factor))
        if made.bias is not None and bias is not None:
            made.bias.copy_(bias)
    return made


def choose_ranks(weight: Tensor, error: float) -> Ranks:
    """Choose ranks that lose at most a given share of a weight.

    Along each mode the smallest singular values are dropped, at most a third of the allowed square in each. The loss of
    the truncated decomposition is at most the sum of the three (De Lathauwer et al., SIAM J. Matrix Anal. 21, 2000).

    Args:
        weight: ``T_ijk``, ``[left, right, out]``.
        error: Frobenius norm of what may be lost, as a share of that of the weight.
    """
    tensor = _array(weight)
    allowed = (error * float(np.linalg.norm(tensor))) ** 2 / 3
    ranks = []
    for mode in range(3):
        values = np.linalg.svd(np.moveaxis(tensor, mode, 0).reshape(tensor.shape[mode], -1), compute_uv=False)
        tails = np.append(np.cumsum(np.square(values[::-1]))[::-1], 0.0)
        ranks.append(max(1, int(np.argmax(tails <= allowed))))
    # A core with more rows than the other two modes have places holds no more than one with as many.
    r1, r2, r3 = (min(rank, math.prod(ranks) // rank) for rank in ranks)
    return r1, r2, r3


def error_by_rank(weight: Tensor, ranks: Sequence[int | Ranks]) -> RankErrors:
    """Decompose a weight at several ranks and report cost and error of each.

    Args:
        weight: ``T_ijk``, ``[left, right, out]``.
        ranks: Sizes of the core, or one number for all three; larger than a mode counts as all of it.
    """
    tensor = _array(weight)
    left, right, out = tensor.shape
    size, rows = float(np.linalg.norm(tensor)), []
    for rank in ranks:
        r1, r2, r3 = (rank, rank, rank) if isinstance(rank, int) else rank
        bounded = min(r1, left), min(r2, right), min(r3, out)
        core, (u1, u2, u3) = _tucker(weight, bounded)
        made = np.einsum("pqr,ip,jq,kr->ijk", core, u1, u2, u3, optimize=True)
        cost = tucker_cost(left, right, out, bounded)
        lost = float(np.linalg.norm(tensor - made))
        rows.append(RankError(bounded, cost.parameters, cost.flops, lost / size if size else 0.0))
    return RankErrors((left, right, out), tuple(rows))


def _tucker(weight: Tensor, ranks: Ranks) -> tuple[FloatArray, Sequence[FloatArray]]:
    try:
        from tensorly.decomposition import tucker
    except ImportError as error:
        raise ImportError("a decomposition needs TensorLy: pip install 'neurotool[nn]'") from error

    tensor = _array(weight)
    if not tensor.any():
        return np.zeros(ranks), [np.eye(size, rank) for size, rank in zip(tensor.shape, ranks, strict=True)]
    found: Any = tucker(tensor, rank=ranks, init="svd", random_state=0)
    return found.core, found.factors


def _array(weight: Tensor) -> FloatArray:
    if weight.ndim != 3:
        raise ValueError(f"a bilinear weight has shape (left, right, out), found {tuple(weight.shape)}")
    return np.asarray(weight.detach().cpu().numpy(), np.float64)
