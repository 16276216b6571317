"""Contrastive learning on the input of the abstract encoder: similar samples should enter it alike.

Momentum contrast (He et al., CVPR 2020) with mixed hard negatives (Kalantidis et al., NeurIPS 2020). A picture's other
view is its positive; keys of pictures with the same things are no negatives.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..model.network import AshNet, Latents

TEMPERATURE = 0.07
MOMENTUM = 0.995
QUEUE = 512
HARD = 64
"""So many of the nearest negatives are mixed pairwise into further ones."""

SHIFT = 2
"""Pixels that a view is moved at most."""


class Contrast:
    """The loss with its momentum network and queue of keys.

    Args:
        network: The network that learns.
        features: Size of a key.
        hard: Whether hard negatives are mixed.
    """

    def __init__(self, network: AshNet, features: int, *, hard: bool) -> None:
        device = next(network.parameters()).device
        self._hard = hard
        average = get_ema_multi_avg_fn(MOMENTUM)  # type: ignore[no-untyped-call]  # torch declares no types here
        self._keys = AveragedModel(_Entrance(network), multi_avg_fn=average, use_buffers=True)
        self._queue = functional.normalize(torch.randn(QUEUE, features, device=device), dim=-1)
        self._things = torch.full((QUEUE,), -1, device=device)
        self._next = 0

    def loss(self, network: AshNet, latents: Latents, pictures: Tensor, things: Tensor) -> Tensor:
        """Compare pictures with another view of them, and put its keys into the queue."""
        query = functional.normalize(network.contrast(pooled(network, latents)), dim=-1)
        with torch.no_grad():
            self._keys.update_parameters(_Entrance(network))
            key = functional.normalize(self._keys(view(pictures)), dim=-1)
            negatives, alike = self._queue, things[:, None] == self._things
        scores = (query @ negatives.T).masked_fill(alike, -torch.inf)
        if self._hard:
            scores = torch.cat([scores, self._mixed(query, scores.detach())], dim=1)
        positive = (query * key).sum(-1, keepdim=True)
        logits = torch.cat([positive, scores], dim=1) / TEMPERATURE
        self._push(key, things)
        return functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))

    def _mixed(self, query: Tensor, scores: Tensor) -> Tensor:
        """Scores of mixtures of each query's nearest negatives, which get no gradient."""
        nearest = scores.topk(HARD, dim=1).indices
        first, second = (nearest.gather(1, torch.randint_like(nearest, HARD)) for _ in range(2))
        share = torch.rand(*nearest.shape, 1, device=scores.device)
        mixed = functional.normalize(share * self._queue[first] + (1 - share) * self._queue[second], dim=-1)
        return torch.einsum("bf,bkf->bk", query, mixed)

    def _push(self, key: Tensor, things: Tensor) -> None:
        places = torch.arange(self._next, self._next + len(key), device=key.device) % QUEUE
        self._queue = self._queue.index_copy(0, places, key)
        self._things = self._things.index_copy(0, places, things)
        self._next = (self._next + len(key)) % QUEUE

    def state(self) -> dict[str, Any]:
        """What the next step depends on."""
        return {
            "keys": self._keys.state_dict(),
            "queue": self._queue,
            "things": self._things,
            "next": self._next,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state."""
        self._keys.load_state_dict(state["keys"])
        self._queue, self._things, self._next = state["queue"], state["things"], int(state["next"])


class _Entrance(nn.Module):
    """From pictures to contrasted features: the part of a network that the momentum copy repeats."""

    def __init__(self, network: AshNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        network = self.network
        at_input = network.config.contrast_at == "input"
        entering = network.enter(pictures)[1].mean(1) if at_input else pooled(network, network.see(pictures))
        found: Tensor = network.contrast(entering)
        return found


def pooled(network: AshNet, latents: Latents) -> Tensor:
    """Mean over the tokens of what is contrasted."""
    if network.config.contrast_at == "latent" and latents.abstract is not None:
        return latents.abstract.latent.mean(1)
    return latents.entering.mean(1)


def view(pictures: Tensor) -> Tensor:
    """Another view: moved by some pixels, in other light, with other noise.

    A mirror image would swap left and right.
    """
    padded = functional.pad(pictures, (SHIFT,) * 4, mode="replicate")
    top, left = (int(torch.randint(0, 2 * SHIFT + 1, ())) for _ in range(2))
    moved = padded[:, :, top : top + pictures.shape[2], left : left + pictures.shape[3]]
    light = 1.0 + 0.2 * (torch.rand(len(pictures), 1, 1, 1, device=pictures.device) - 0.5)
    return (moved * light + 0.02 * torch.randn_like(moved)).clamp(0.0, 1.0)
