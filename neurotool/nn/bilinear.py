"""The full bilinear map of two vectors: every product of two features has a weight."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn


class BilinearFusion(nn.Module):
    """``y_k = sum_ij x_i a_j T_ijk + b_k``, the map that :class:`neurotool.nn.TuckerFusion` factors.

    Args:
        left: Number of features of x.
        right: Number of features of a.
        out: Number of features of y.
    """

    neurotool_whole: ClassVar[bool] = True
    dense_because: ClassVar[str] = "a bilinear product of two values is dense"

    def __init__(self, left: int, right: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(left, right, out) / (left * right) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        """Fuse ``[..., left]`` and ``[..., right]`` into ``[..., out]``."""
        return contract(self.weight, x, a) + self.bias


def contract(weight: Tensor, x: Tensor, a: Tensor) -> Tensor:
    """Multiply ``T_ijk`` with ``x_i`` and ``a_j``: a product of matrices, then one for each sample."""
    left, right, out = weight.shape
    half = (x.reshape(-1, left) @ weight.reshape(left, right * out)).reshape(-1, right, out)
    return torch.bmm(a.reshape(-1, 1, right), half).reshape(*x.shape[:-1], out)
