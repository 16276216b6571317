"""Fine-tuning on the downstream tasks, and their accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..model.network import AshNet
from .contrast import view
from .examples import Examples, batches, trim
from .language import matching_loss

TASKS = ("answer", "entailment", "pair")
"""Tasks with a head of their own; retrieval takes the matching head of pre-training."""


@dataclass(frozen=True)
class FinetuneOptions:
    """How a task is learned: passes, pictures of a batch, peak of the learning rate."""

    epochs: int = 12
    batch: int = 64
    rate: float = 1e-3


class Finetuning:
    """A job of the training loop for all tasks at once, one batch of each in turn.

    Args:
        network: A pre-trained network.
        data: What it learns from.
        judged: What it is judged on.
        options: How.
    """

    def __init__(self, network: AshNet, data: Examples, judged: Examples, options: FinetuneOptions) -> None:
        self._network, self._data, self._judged, self._options = network, data, judged, options
        steps = options.epochs * max(1, len(data) // options.batch)
        self._optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.01)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, options.rate, total_steps=steps + 1, pct_start=0.1
        )

    def epoch(self, number: int) -> dict[str, float]:
        """Train one pass; returns the mean loss and the accuracy of each task."""
        self._network.train()
        sums, count = dict.fromkeys((*TASKS, "match"), 0.0), 0
        for chosen in batches(len(self._data), self._options.batch):
            losses = self._losses(chosen.to(self._data.pictures.device))
            self._optimiser.zero_grad()
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]  # untyped in torch
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimiser.step()
            self._schedule.step()
            count += 1
            for task, loss in losses.items():
                sums[task] += loss.item()
        scores = {f"{task} accuracy": score for task, score in accuracies(self._network, self._judged).items()}
        return {"epoch": float(number), **{task: total / count for task, total in sums.items()}, **scores}

    def _losses(self, chosen: Tensor) -> dict[str, Tensor]:
        """Losses of the tasks with heads of their own, and of matching, which retrieval needs."""
        network, data = self._network, self._data
        both = torch.cat([chosen, data.partners[chosen]])
        latents = network.see(view(data.pictures[both]))
        left, right = torch.split(latents.visual, len(chosen))
        losses = {
            task: functional.cross_entropy(scores, data.labels[task][chosen])
            for task, scores in answers(network, data, chosen, left, right).items()
        }
        captions = trim(data.captions[chosen])
        losses["match"] = matching_loss(network, captions, latents.first(len(chosen)), data.things[chosen])
        return losses

    def state(self) -> dict[str, Any]:
        """Everything the next epoch depends on."""
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])


def answers(network: AshNet, data: Examples, chosen: Tensor, left: Tensor, right: Tensor) -> dict[str, Tensor]:
    """Scores of every task on some examples, ``[batch, choices]``, from V' of the pictures and of their partners."""
    return {
        task: network.answer(task, trim(data.texts[task][chosen]), *((left, right) if task == "pair" else (left,)))
        for task in TASKS
    }


@torch.no_grad()
def seen(network: AshNet, pictures: Tensor, batch: int = 250) -> Tensor:
    """V' of all pictures, ``[picture, token, width]``."""
    network.eval()
    return torch.cat([network.see(some).visual for some in torch.split(pictures, batch)])


@torch.no_grad()
def accuracies(
    network: AshNet, data: Examples, visual: Tensor | None = None, chosen: Tensor | None = None, batch: int = 250
) -> dict[str, float]:
    """Share of right answers of every task.

    Args:
        network: The network.
        data: What is asked.
        visual: V' of all pictures, or None for the network's own.
        chosen: Indices of the examples that are asked; None for all.
        batch: Examples at once.
    """
    network.eval()
    known = seen(network, data.pictures) if visual is None else visual
    asked = torch.arange(len(data), device=known.device) if chosen is None else chosen
    right = dict.fromkeys(TASKS, 0)
    for some in torch.split(asked, batch):
        found = answers(network, data, some, known[some], known[data.partners[some]])
        for task, scores in found.items():
            right[task] += int((scores.argmax(1) == data.labels[task][some]).sum())
    return {task: count / len(asked) for task, count in right.items()}


@torch.no_grad()
def retrieval(
    network: AshNet, data: Examples, size: int = 100, visual: Tensor | None = None, batch: int = 500
) -> dict[str, float]:
    """Recall of the right caption for a picture, and of the right picture for a caption, by the matching head.

    Args:
        network: A network with a trained matching head.
        data: The first ``size`` examples make the gallery; captions of pictures with the same things count as right.
        size: Pictures and captions of the gallery.
        visual: V' of the pictures, or None for the network's own.
        batch: Pairs that are scored at once.

    Returns:
        ``text R@k`` and ``picture R@k`` for k of 1, 5 and 10.
    """
    network.eval()
    size = min(size, len(data))
    known = seen(network, data.pictures[:size]) if visual is None else visual
    captions = trim(data.captions[:size])
    words = network.text(captions)
    scores = torch.cat(
        [
            network.answer("match", captions[pairs % size], known[pairs // size], words=words[pairs % size])[:, 1]
            for pairs in torch.split(torch.arange(size * size, device=known.device), batch)
        ]
    ).view(size, size)
    alike = data.things[:size, None] == data.things[:size]
    found = {}
    for name, ranked in (("text", scores), ("picture", scores.T)):
        for k in (1, 5, 10):
            top = ranked.topk(min(k, size), dim=1).indices
            found[f"{name} R@{k}"] = float(alike.gather(1, top).any(1).float().mean())
    return found
