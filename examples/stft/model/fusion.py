"""Temporal-semantic fusion: a bilinear product of two vectors, in Tucker form or in a form it is compared with.

Equations 10 to 13: ``Y = T x1 r x2 s`` with a third-order tensor T. In full, T has as many weights as the cube of the
width; Tucker's decomposition writes it as a small core between three factor matrices.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from neurotool.nn import BilinearFusion, LowRankFusion, TuckerFusion

from .options import ModelOptions


class Concatenation(nn.Module):
    """Two layers on both vectors side by side: no products of the two."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width))

    def forward(self, r: Tensor, s: Tensor) -> Tensor:
        """Fuse two ``[batch, width]``."""
        return self.mlp(torch.cat([r, s], 1))  # type: ignore[no-any-return]


class Hadamard(nn.Module):
    """Products of like features only, which is a Tucker core with nothing off its diagonal."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.out = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, width))

    def forward(self, r: Tensor, s: Tensor) -> Tensor:
        """Fuse two ``[batch, width]``."""
        return self.out(self.left(r) * self.right(s))  # type: ignore[no-any-return]


def fusion(options: ModelOptions) -> nn.Module:
    """The fusion of r and s, both ``[batch, width]``, that the options ask for."""
    width, dropout = options.width, options.dropout
    if options.fusion == "concat":
        return Concatenation(width, dropout)
    if options.fusion == "hadamard":
        return Hadamard(width, dropout)
    if options.fusion == "full":
        return BilinearFusion(width, width, width)
    if options.tucker == "slices":
        return LowRankFusion(width, width, width, options.modes, options.rank, dropout=dropout)
    return TuckerFusion(width, width, width, options.rank, dropout=dropout)
