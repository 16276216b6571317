"""Dense building blocks: encoders, projections and the transformer layer."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn


def embedding(inputs: int, hidden: int, outputs: int, dropout: float, momentum: float = 0.1) -> nn.Sequential:
    """Two linear layers, each with batch normalisation, ReLU and dropout (the EmbeddingNet of AVCA).

    Because of the last ReLU an embedding is never negative.
    """
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, outputs), nn.BatchNorm1d(outputs, momentum=momentum), nn.ReLU(), nn.Dropout(dropout),
    )  # fmt: skip


def projection(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    """One linear layer with batch normalisation, ReLU and dropout."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(dropout))


class TransformerLayer(nn.Module):
    """Self-attention and a two-layer perceptron, each after a layer norm and around a residual.

    Args:
        width: Features of a token.
        heads: Attention heads.
        dropout: Share of features dropped after each half.
    """

    neurotool_whole: ClassVar[bool] = True
    dense_because: ClassVar[str] = "attention is dense"

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.reads = nn.Linear(width, 3 * width)
        self.mixed = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))
        self.mlp = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Linear(2 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Mix tokens ``[batch, token, width]``."""
        query, key, value = self.reads(self.before(tokens)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5, -1)
        tokens = tokens + self.mixed((weights @ value).transpose(1, 2).flatten(2))
        return tokens + self.mlp(tokens)  # type: ignore[no-any-return]  # modules are called untyped
