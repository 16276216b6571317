"""Trains the network from a fixed seed, and keeps the result so that it is trained once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy

from ..common import kept
from . import data
from .network import HybridNet, RateNet

Network = TypeVar("Network", bound=RateNet)
Progress = Callable[[int, int], None]

SOURCES = tuple(Path(__file__).with_name(name) for name in ("data.py", "network.py", "train.py"))
"""The code that decides the weights."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the trained weights, apart from the code.

    Attributes:
        seed: Seed of the initial weights and of the order of the samples.
        epochs: Passes over the training data.
        batch: Samples per step of the optimiser.
        peak_rate: Largest learning rate of the one-cycle schedule.
        weight_decay: Of AdamW; keeps outliers out of the weights, which 8-bit weights could not hold.
        smoothing: Label smoothing.
        rate_penalty: Loss per unit of mean firing rate of the last spiking layer; buys sparsity.
    """

    seed: int = 0
    epochs: int = 40
    batch: int = 64
    peak_rate: float = 8e-3
    weight_decay: float = 5e-2
    smoothing: float = 0.05
    rate_penalty: float = 0.3


def train(recipe: Recipe | None = None, progress: Progress | None = None) -> HybridNet:
    """Train from scratch. The same recipe gives the same weights on the same machine.

    Args:
        recipe: What to do, or None for the default.
        progress: Called with (epochs done, epochs in all).

    Returns:
        The network in evaluation mode.
    """
    return fit(HybridNet, recipe or Recipe(), progress)


def fit(kind: type[Network], recipe: Recipe, progress: Progress | None = None) -> Network:
    """Train any network for the digits, as :func:`train` does this example's."""
    digits = data.load()
    inputs = torch.from_numpy(data.spikes(digits.train_x))
    labels = torch.from_numpy(digits.train_y)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = kind()
        _fit(network, inputs, labels, recipe, progress)
    return network.eval()


def _fit(
    network: RateNet, inputs: torch.Tensor, labels: torch.Tensor, recipe: Recipe, progress: Progress | None
) -> None:
    batches = -(-len(labels) // recipe.batch)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.peak_rate, total_steps=recipe.epochs * batches
    )
    for epoch in range(recipe.epochs):
        for chosen in torch.split(torch.randperm(len(labels)), recipe.batch):
            rates = network.rates(inputs[:, chosen])
            loss = cross_entropy(network.head(rates), labels[chosen], label_smoothing=recipe.smoothing)
            optimiser.zero_grad()
            torch.autograd.backward(loss + recipe.rate_penalty * rates.mean())
            optimiser.step()
            schedule.step()
        if progress is not None:
            progress(epoch + 1, recipe.epochs)


def accuracy(network: HybridNet, grey: data.FloatArray, labels: npt.NDArray[np.int64]) -> float:
    """Share of images ``[batch, 64]`` that the network names correctly."""
    with torch.no_grad():
        chosen = network(torch.from_numpy(data.spikes(grey))).argmax(1).numpy()
    return float(np.mean(chosen == labels))


def checkpoint(recipe: Recipe) -> Path:
    """Where the weights of a recipe are kept."""
    return kept.checkpoint("quickstart", asdict(recipe), SOURCES)


def trained(recipe: Recipe | None = None, progress: Progress | None = None) -> HybridNet:
    """Return the network of a recipe, from its checkpoint or by training and keeping it.

    A checkpoint that cannot be read is replaced.

    Args:
        recipe: What to train, or None for the default.
        progress: As in :func:`train`; None says on stderr that it trains.
    """
    recipe = recipe or Recipe()
    path = checkpoint(recipe)

    def train_once() -> HybridNet:
        if progress is None:
            print(f"training the digits network once ({recipe.epochs} epochs), keeping it in {path}", file=sys.stderr)
        return train(recipe, progress)

    return kept.trained(path, HybridNet, train_once)
