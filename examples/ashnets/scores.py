"""What a network is judged by: tasks and retrieval, and what its discrete latents do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor

from .model import AshNet
from .training.examples import Examples, batches
from .training.finetune import TASKS, accuracies, retrieval
from .training.pretrain import matching_accuracy

GALLERY = 100
BATCH = 250


@dataclass(frozen=True)
class Layer:
    """Activity of a spiking layer.

    Attributes:
        rate: Spikes per unit and step.
        least: The same of the most silent unit.
        silent: Share of the units that never fire.
        usage: Entropy of the histogram of a unit's spike count in bits, averaged over the units. At most
            log2(T + 1), where all counts are equally likely.
    """

    rate: float
    least: float
    silent: float
    usage: float


def judge(network: AshNet, data: Examples, gallery: int = GALLERY) -> dict[str, float]:
    """Accuracy of every task, of matching, and recalls of retrieval."""
    return {
        **accuracies(network, data),
        "match": matching_accuracy(network, data, BATCH),
        **retrieval(network, data, gallery),
    }


def priors(train: Examples, test: Examples) -> dict[str, float]:
    """Accuracy of the answer most frequent in training after the same three first words: what language alone gives."""
    found = {}
    for task in TASKS:
        counts: dict[tuple[int, ...], Counter[int]] = {}
        for text, label in zip(train.texts[task][:, :4].tolist(), train.labels[task].tolist(), strict=True):
            counts.setdefault(tuple(text), Counter())[label] += 1
        overall = Counter(train.labels[task].tolist())
        guesses = [counts.get(tuple(text), overall).most_common(1)[0][0] for text in test.texts[task][:, :4].tolist()]
        found[task] = float((torch.tensor(guesses) == test.labels[task].cpu()).float().mean())
    return found


@torch.no_grad()
def activity(network: AshNet, data: Examples) -> list[Layer]:
    """Rates and code usage of every spiking layer over all tokens of all pictures; none without spikes."""
    network.eval()
    counts: list[list[Tensor]] = []
    for chosen in batches(len(data), BATCH, shuffled=False):
        abstract = network.see(data.pictures[chosen]).abstract
        counts.append([raster.sum(0).flatten(0, 1) for raster in (abstract.rasters if abstract is not None else ())])
    return [layer_of(torch.cat(layer), network.config.steps) for layer in zip(*counts, strict=True)]


def layer_of(counts: Tensor, steps: int) -> Layer:
    """Statistics of spike counts ``[sample, unit]`` over ``steps`` steps."""
    rates = counts.mean(0) / steps
    shares = torch.stack([(counts == level).float().mean(0) for level in range(steps + 1)])
    entropy = torch.special.entr(shares).sum(0) / torch.log(torch.tensor(2.0))
    return Layer(float(rates.mean()), float(rates.min()), float((rates == 0).float().mean()), float(entropy.mean()))
