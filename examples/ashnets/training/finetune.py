"""Fine-tuning on the downstream tasks, and their accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..model.network import AshNet
from .examples import Examples, batches

TASKS = ("answer", "entailment", "pair")
"""Tasks with a head of their own; retrieval takes the matching head of pre-training."""


@dataclass(frozen=True)
class FinetuneOptions:
    """How a task is learned: passes, pictures of a batch, peak of the learning rate."""

    epochs: int = 12
    batch: int = 64
    rate: float = 5e-4


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
        sums, count = dict.fromkeys(TASKS, 0.0), 0
        for chosen in batches(len(self._data), self._options.batch):
            losses = {task: self._loss(task, chosen.to(self._data.pictures.device)) for task in TASKS}
            self._optimiser.zero_grad()
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]  # untyped in torch
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimiser.step()
            self._schedule.step()
            count += 1
            for task, loss in losses.items():
                sums[task] += loss.item()
        scores = {f"{task} accuracy": accuracy(self._network, self._judged, task) for task in TASKS}
        return {"epoch": float(number), **{task: total / count for task, total in sums.items()}, **scores}

    def _loss(self, task: str, chosen: Tensor) -> Tensor:
        scores = answers(self._network, self._data, task, chosen)
        return functional.cross_entropy(scores, self._data.labels[task][chosen])

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


def answers(network: AshNet, data: Examples, task: str, chosen: Tensor) -> Tensor:
    """Scores of a task on some examples, ``[batch, choices]``."""
    visual = [network.see(data.pictures[chosen]).visual]
    if task == "pair":
        visual.append(network.see(data.pictures[data.partners[chosen]]).visual)
    return network.answer(task, data.texts[task][chosen], *visual)


@torch.no_grad()
def accuracy(network: AshNet, data: Examples, task: str, batch: int = 250) -> float:
    """Share of right answers."""
    network.eval()
    right = 0
    for chosen in batches(len(data), batch, shuffled=False):
        right += int((answers(network, data, task, chosen).argmax(1) == data.labels[task][chosen]).sum())
    return right / len(data)


@torch.no_grad()
def retrieval(network: AshNet, data: Examples, size: int = 100, batch: int = 500) -> dict[str, float]:
    """Recall of the right caption for a picture, and of the right picture for a caption, by the matching head.

    Args:
        network: A network with a trained matching head.
        data: The first ``size`` examples make the gallery; captions of pictures with the same things count as right.
        size: Pictures and captions of the gallery.
        batch: Pairs that are scored at once.

    Returns:
        ``text R@k`` and ``picture R@k`` for k of 1, 5 and 10.
    """
    network.eval()
    size = min(size, len(data))
    visual, captions = network.see(data.pictures[:size]).visual, data.captions[:size]
    scores = torch.cat(
        [
            network.answer("match", captions[pairs % size], visual[pairs // size])[:, 1]
            for pairs in torch.split(torch.arange(size * size), batch)
        ]
    ).view(size, size)
    alike = data.things[:size, None] == data.things[:size]
    found = {}
    for name, ranked in (("text", scores), ("picture", scores.T)):
        for k in (1, 5, 10):
            top = ranked.topk(min(k, size), dim=1).indices
            found[f"{name} R@{k}"] = float(alike.gather(1, top).any(1).float().mean())
    return found
