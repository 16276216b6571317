"""Pre-training: masked words and matching, with STUA and contrast where the options want them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..model.network import PROJECTED, AshNet
from .contrast import Contrast, view
from .examples import Examples, batches, trim
from .language import pretraining_losses, wrong_captions
from .stua import stua_loss


@dataclass(frozen=True)
class PretrainOptions:
    """What is trained with.

    Attributes:
        epochs: Passes over the captions.
        batch: Pictures of a batch.
        rate: Peak of the learning rate.
        stua: Weight of the alignment with the text; 0 leaves it out.
        contrast: Weight of the contrastive loss; 0 leaves it out.
        hard: Whether hard negatives are mixed.
        activity: Weight of the floor that keeps a layer from falling silent.
    """

    epochs: int = 12
    batch: int = 64
    rate: float = 2e-3
    stua: float = 1.0
    contrast: float = 1.0
    hard: bool = True
    activity: float = 1.0


LEAST_RATE = 0.08
"""Mean firing rate below which a layer is pushed up."""


class Pretraining:
    """A job of the training loop; see :class:`neurotool.examples.common.loop.Job`.

    Args:
        network: The network.
        data: What it learns from.
        judged: What it is judged on.
        options: How.
    """

    def __init__(self, network: AshNet, data: Examples, judged: Examples, options: PretrainOptions) -> None:
        self._network, self._data, self._judged, self._options = network, data, judged, options
        steps = options.epochs * max(1, len(data) // options.batch)
        self._optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.01)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, options.rate, total_steps=steps + 1, pct_start=0.1
        )
        self._contrast = Contrast(network, PROJECTED, hard=options.hard) if options.contrast else None

    def epoch(self, number: int) -> dict[str, float]:
        """Train one pass; returns the mean of each loss, and the matching accuracy on unseen pictures."""
        self._network.train()
        sums: dict[str, float] = {}
        count = 0
        for chosen in batches(len(self._data), self._options.batch):
            losses = self._losses(chosen.to(self._data.pictures.device))
            total = torch.stack(list(losses.values())).sum()
            self._optimiser.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]  # torch declares no types here
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimiser.step()
            self._schedule.step()
            count += 1
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + loss.item()
        matching = matching_accuracy(self._network, self._judged, self._options.batch)
        return {"epoch": float(number), **{k: v / count for k, v in sums.items()}, "matching": matching}

    def _losses(self, chosen: Tensor) -> dict[str, Tensor]:
        network, options, data = self._network, self._options, self._data
        pictures, captions, things = data.pictures[chosen], data.captions[chosen], data.things[chosen]
        captions = trim(captions)
        with torch.no_grad():
            words = network.text(captions)
        latents = network.see(view(pictures))
        guessed, matched = pretraining_losses(network, captions, words, latents, things)
        found = {"words": guessed, "match": matched}
        if latents.abstract is not None and options.stua:
            found["stua"] = options.stua * stua_loss(network, latents, words)
        if self._contrast is not None:
            found["contrast"] = options.contrast * self._contrast.loss(network, latents, pictures, things)
        if latents.abstract is not None and latents.abstract.rasters:
            rates = torch.stack([raster.mean() for raster in latents.abstract.rasters])
            found["activity"] = options.activity * (LEAST_RATE - rates).clamp(min=0).sum() / LEAST_RATE
        if latents.abstract is not None and latents.abstract.commitment is not None:
            found["commitment"] = latents.abstract.commitment
        return found

    def state(self) -> dict[str, Any]:
        """Everything the next epoch depends on."""
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "contrast": self._contrast.state() if self._contrast is not None else {},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        if self._contrast is not None:
            self._contrast.restore(state["contrast"])


@torch.no_grad()
def matching_accuracy(network: AshNet, data: Examples, batch: int) -> float:
    """Share of right answers to "is this its caption?", asked once with the right and once with a wrong one.

    The wrong captions are drawn from a stream of its own, the same in every call.
    """
    network.eval()
    right = 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for chosen in batches(len(data), batch, shuffled=False):
            latents, captions = network.see(data.pictures[chosen]), trim(data.captions[chosen])
            words = network.text(captions)
            other = wrong_captions(network, words, latents, data.things[chosen])
            for texts, known, label in ((captions, words, 1), (captions[other], words[other], 0)):
                scores = network.answer("match", texts, latents.visual, words=known)
                right += int((scores.argmax(1) == label).sum())
    return right / (2 * len(data))
