"""From pictures to continuous latents: the backbone and the concrete encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config

NEIGHBOURS = 8


class Backbone(nn.Module):
    """A small convolutional stem that makes visual tokens, trained with the rest.

    Args:
        config: Width, tokens per side and strides. A token covers as many pixels as the product of the strides.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        first, second, third = config.strides
        half = config.width // 2
        self.stem = nn.Sequential(
            nn.Conv2d(3, half, first + 1, stride=first, padding=first // 2),
            nn.BatchNorm2d(half),
            nn.ReLU(),
            nn.Conv2d(half, half, 3, stride=second, padding=1),
            nn.BatchNorm2d(half),
            nn.ReLU(),
            nn.Conv2d(half, config.width, third, stride=third),
        )
        self.places = nn.Parameter(0.02 * torch.randn(config.tokens**2, config.width))

    def forward(self, pictures: Tensor) -> Tensor:
        """Turn ``[batch, 3, height, width]`` into tokens ``[batch, token, width]``, row by row."""
        found: Tensor = self.stem(pictures)
        return found.flatten(2).transpose(1, 2) + self.places


class GraphAttention(nn.Module):
    """A graph attention layer (Velickovic et al., ICLR 2018) over each token's nearest neighbours.

    Args:
        width: Features.
        heads: Attention heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, width, bias=False)
        self.towards = nn.Parameter(0.1 * torch.randn(heads, width // heads))
        self.away = nn.Parameter(0.1 * torch.randn(heads, width // heads))
        self.leaky = nn.LeakyReLU(0.2)

    def forward(self, tokens: Tensor) -> Tensor:
        """Update ``[batch, token, width]`` by a weighted sum over neighbours; the input is added."""
        normed = self.norm(tokens)
        hidden = self.project(normed).unflatten(-1, (self.heads, -1))
        scores = self.leaky(
            (hidden * self.towards).sum(-1)[:, :, None] + (hidden * self.away).sum(-1)[:, None]
        )  # [batch, token, neighbour, head]
        distance = torch.cdist(normed, normed)
        nearest = distance.topk(min(NEIGHBOURS + 1, tokens.shape[1]), largest=False).indices
        near = torch.zeros_like(distance, dtype=torch.bool).scatter(-1, nearest, value=True)
        weights = scores.masked_fill(~near[..., None], -torch.inf).softmax(2)
        gathered = torch.einsum("bijh,bjhf->bihf", weights, hidden)
        return tokens + torch.relu(gathered.flatten(-2))


class ConcreteEncoder(nn.Module):
    """Continuous latents F of the visual tokens.

    Args:
        config: ``concrete`` chooses the form.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            GraphAttention(config.width, config.heads)
            if config.concrete == "graph"
            else nn.TransformerEncoderLayer(
                config.width,
                config.heads,
                config.widen * config.width,
                config.dropout,
                "gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(config.concrete_layers)
        ]
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(config.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Encode ``[batch, token, width]``."""
        latents: Tensor = self.norm(self.layers(tokens))
        return latents
