"""Fusion of two vectors by all their products, with the weights of the products factored.

The bilinear map ``y = T x1 x x2 a`` has ``left * right * out`` weights. Tucker's decomposition writes the tensor T as a
small core between three factor matrices (L. R. Tucker, Psychometrika 31, 1966); MUTAN restricts the rank of the slices
of that core as well (Ben-younes et al., ICCV 2017).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from neurotool.nn.bilinear import contract

Ranks = tuple[int, int, int]


class TuckerFusion(nn.Module):
    """``y = ((x U1) (a U2) . G) U3' + b``, all second-order products of two vectors through a core ``G``.

    Args:
        left: Number of features of x.
        right: Number of features of a.
        out: Number of features of y.
        rank: Sizes (R1, R2, R3) of the core, or one number for all three.
        bias: Whether a bias is added.
        dropout: Share of the entries of the fused vector in front of U3 that training drops.

    Attributes:
        left_factor: U1, ``[left, R1]``.
        right_factor: U2, ``[right, R2]``.
        out_factor: U3, ``[out, R3]``.
        core: G, ``[R1, R2, R3]``.
    """

    neurotool_whole: ClassVar[bool] = True
    dense_because: ClassVar[str] = "Tucker contraction is dense"

    def __init__(
        self, left: int, right: int, out: int, rank: int | Ranks, *, bias: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        r1, r2, r3 = self.ranks = _ranks(rank, (left, right, out))
        self.left_factor = nn.Parameter(_scaled(left, r1))
        self.right_factor = nn.Parameter(_scaled(right, r2))
        self.out_factor = nn.Parameter(torch.randn(out, r3) / r3**0.5)
        self.core = nn.Parameter(torch.randn(r1, r2, r3) / (r1 * r2) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        """Fuse ``[..., left]`` and ``[..., right]`` into ``[..., out]``."""
        fused = contract(self.core, x @ self.left_factor, a @ self.right_factor)
        return functional.linear(self.dropout(fused), self.out_factor, self.bias)

    def full_weight(self) -> Tensor:
        """The tensor ``T_ijk`` that the factors stand for, ``[left, right, out]``."""
        return torch.einsum("pqr,ip,jq,kr->ijk", self.core, self.left_factor, self.right_factor, self.out_factor)

    def extra_repr(self) -> str:
        """Sizes, as torch prints them."""
        sizes = len(self.left_factor), len(self.right_factor), len(self.out_factor)
        return f"{sizes[0]}, {sizes[1]}, {sizes[2]}, rank={self.ranks}"


class LowRankFusion(nn.Module):
    """``y = (sum_q (x U1 M_q) * (a U2 N_q)) U3' + b``: a Tucker fusion with core slices of rank ``terms`` at most.

    Args:
        left: Number of features of x.
        right: Number of features of a.
        out: Number of features of y.
        rank: Sizes (R1, R2, R3) of the core, or one number for all three.
        terms: Number of products that are summed: the rank of each slice ``G[:, :, k]``.
        bias: Whether a bias is added.
        dropout: Share of the entries of the fused vector in front of U3 that training drops.

    Attributes:
        left_factor: U1, ``[left, R1]``.
        right_factor: U2, ``[right, R2]``.
        out_factor: U3, ``[out, R3]``.
        left_slices: M, ``[R1, terms, R3]``.
        right_slices: N, ``[R2, terms, R3]``.
    """

    neurotool_whole: ClassVar[bool] = True
    dense_because: ClassVar[str] = "Tucker contraction is dense"

    def __init__(
        self, left: int, right: int, out: int, rank: int | Ranks, terms: int, *, bias: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if terms < 1:
            raise ValueError(f"a sum of {terms} products is empty; give at least 1 term")
        r1, r2, r3 = self.ranks = _ranks(rank, (left, right, out))
        self.terms = terms
        self.left_factor = nn.Parameter(_scaled(left, r1))
        self.right_factor = nn.Parameter(_scaled(right, r2))
        self.out_factor = nn.Parameter(torch.randn(out, r3) / r3**0.5)
        self.left_slices = nn.Parameter(torch.randn(r1, terms, r3) / (r1 * terms**0.5) ** 0.5)
        self.right_slices = nn.Parameter(torch.randn(r2, terms, r3) / (r2 * terms**0.5) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        """Fuse ``[..., left]`` and ``[..., right]`` into ``[..., out]``."""
        terms = self._terms(x @ self.left_factor, self.left_slices) * self._terms(
            a @ self.right_factor, self.right_slices
        )
        return functional.linear(self.dropout(terms.sum(-2)), self.out_factor, self.bias)

    def _terms(self, x: Tensor, slices: Tensor) -> Tensor:
        return (x @ slices.flatten(1)).reshape(*x.shape[:-1], *slices.shape[1:])

    def full_weight(self) -> Tensor:
        """The tensor ``T_ijk`` that the factors stand for, ``[left, right, out]``."""
        core = torch.einsum("ptr,qtr->pqr", self.left_slices, self.right_slices)
        return torch.einsum("pqr,ip,jq,kr->ijk", core, self.left_factor, self.right_factor, self.out_factor)

    def extra_repr(self) -> str:
        """Sizes, as torch prints them."""
        sizes = len(self.left_factor), len(self.right_factor), len(self.out_factor)
        return f"{sizes[0]}, {sizes[1]}, {sizes[2]}, rank={self.ranks}, terms={self.terms}"


def _ranks(rank: int | Ranks, sizes: tuple[int, int, int]) -> Ranks:
    ranks = (rank, rank, rank) if isinstance(rank, int) else rank
    for mode, one, size in zip(("left", "right", "out"), ranks, sizes, strict=True):
        if not 1 <= one <= size:
            raise ValueError(f"the {mode} rank is {one}, expected 1 to {size}, the number of features")
    return ranks


def _scaled(features: int, rank: int) -> Tensor:
    return torch.randn(features, rank).div(features**0.5)
