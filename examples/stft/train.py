"""One stage of training as a job of the shared loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from .data.task import IntArray, Samples, Task
from .evaluate import Head, device_of, distances, tensors
from .losses import Losses, losses
from .model.options import ModelOptions, Sizes
from .model.stft import SpikingTuckerTransformer, Standardise
from .scores import calibrate


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes:
        seed: Seed of weights, order of samples, negatives and dropout.
        epochs: Epochs of stage 1, and the most that stage 2 may take.
        batches: Batches per epoch.
        batch: Positive samples per batch; each has another one as its negative.
        rate: Learning rate of Adam.
        decay: Weight decay of Adam.
        patience: Epochs without a better HM after which the rate falls to a tenth; the published scripts have 3, of
            50 epochs that are seventeen times as long.
        head: Whose distance is scored and chosen by. ``both`` by default; AVCA and its followers use ``video``.
        standardise: Whether features are brought to mean 0 and deviation 1 over the training samples. The published
            features come from networks and are used as they are; raw pixels and spectra need it.
    """

    seed: int = 0
    epochs: int = 28
    batches: int = 30
    batch: int = 128
    rate: float = 2e-3
    decay: float = 1e-5
    patience: int = 6
    head: Head = "both"
    standardise: bool = True


PUBLISHED = Recipe(seed=42, epochs=50, batches=500, batch=256, rate=1e-3, head="video", standardise=False, patience=3)
"""The recipe of the published scripts of this family (AVCA, AVMST)."""


def build(task: Task, options: ModelOptions, recipe: Recipe, split: Literal["train", "full_train"]) -> (
    SpikingTuckerTransformer
):  # fmt: skip
    """Make an untrained model for a task on the GPU if there is one; call it with the seed set."""
    samples = task.splits[split]
    sizes = Sizes(samples.audio.shape[-1], samples.video.shape[-1], task.text.shape[1])
    model = SpikingTuckerTransformer(options, sizes)
    if recipe.standardise:
        for modality, values in zip(("audio", "video"), (samples.audio, samples.video), strict=True):
            if modality in options.used:
                cast("Standardise", model.inputs[modality]).fit(torch.from_numpy(values))
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


class Stage:
    """Training on one split.

    Args:
        task: The data.
        model: What is trained.
        recipe: How.
        split: ``train`` for stage 1, which is judged on the validation splits after every epoch; ``full_train`` for
            stage 2, which is judged on nothing.
        rates: Learning rate of each epoch. Stage 2 repeats those of stage 1, since a schedule of its own would have to
            look at the test. None lets the rate follow the validation.
    """

    def __init__(
        self,
        task: Task,
        model: SpikingTuckerTransformer,
        recipe: Recipe,
        split: Literal["train", "full_train"],
        rates: list[float] | None = None,
    ) -> None:
        self.task, self.model, self.recipe, self.rates = task, model, recipe, rates
        self.judged = split == "train"
        self.samples = task.splits[split]
        self.text = torch.from_numpy(task.text).to(device_of(model))
        self.odds = balanced(self.samples)
        self.optimiser = torch.optim.Adam(model.parameters(), lr=recipe.rate, weight_decay=recipe.decay, fused=True)
        self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimiser, "max", patience=recipe.patience)
        self.best = -1.0
        self.best_weights: dict[str, Tensor] = {}

    def epoch(self, number: int) -> dict[str, float]:
        """Train one epoch; with a validation, keep the best weights so far."""
        if self.rates is not None:
            for group in self.optimiser.param_groups:
                group["lr"] = self.rates[number]
        self.model.train()
        sums: dict[str, float] = {"triplet": 0.0, "pull": 0.0, "rebuild": 0.0, "rate": 0.0}
        for _ in range(self.recipe.batches):
            found, spiking = self._step()
            for name, value in (*vars(found).items(), ("rate", spiking)):
                sums[name] += float(value.detach()) / self.recipe.batches
        entry = {"epoch": number + 1, "learning_rate": self.optimiser.param_groups[0]["lr"], **sums}
        return entry | self._judge() if self.judged else entry

    def _step(self) -> tuple[Losses, Tensor]:
        """One step of the optimiser; returns the losses and the mean firing rate."""
        drawn = self.samples.take(torch.multinomial(self.odds, self.recipe.batch, replacement=True).numpy())
        other = torch.from_numpy(negatives(drawn.target)).to(self.text.device)
        embedded = self.model(*tensors(drawn, self.text.device))
        words = self.text[torch.from_numpy(drawn.target).to(self.text.device)]
        found = losses(self.model, embedded, words, other)
        self.optimiser.zero_grad()
        torch.autograd.backward(found.total)
        self.optimiser.step()
        rates = [rate for spiked in embedded.spiked.values() for rate in spiked.rates]
        return found, torch.stack(rates).mean() if rates else torch.zeros(())

    def _judge(self) -> dict[str, float]:
        scores = calibrate(distances(self.model, self.task, "val", self.recipe.head))
        if scores.harmonic > self.best:
            self.best = scores.harmonic
            self.best_weights = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        if self.rates is None:
            self.schedule.step(scores.harmonic)
        return {
            "S": scores.seen, "U": scores.unseen, "HM": scores.harmonic, "ZSL": scores.zsl, "beta": scores.beta,
        }  # fmt: skip

    def state(self) -> dict[str, Any]:
        """See :class:`neurotool.examples.common.loop.Job`."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": {k: v for k, v in self.schedule.state_dict().items() if isinstance(v, int | float)},
            "best": self.best,
            "best_weights": self.best_weights,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """See :class:`neurotool.examples.common.loop.Job`."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.best, self.best_weights = state["best"], dict(state["best_weights"])


def balanced(samples: Samples) -> Tensor:
    """Odds of each sample with which all classes are drawn equally often, ``[sample]``."""
    _, number, count = np.unique(samples.target, return_inverse=True, return_counts=True)
    return torch.from_numpy(1.0 / count[number])


def negatives(target: IntArray) -> IntArray:
    """For each sample of a batch the number of a random one of another class, or of any where all are of one class.

    The negative of a sample is thus a positive of the same batch. That has the distribution of a negative drawn from
    the whole data, since both are drawn balanced over the classes, and needs no second run of the model.
    """
    found = torch.randint(len(target), (len(target),)).numpy()
    for number in np.flatnonzero(target[found] == target):
        others = np.flatnonzero(target != target[number])
        if len(others):
            found[number] = others[int(torch.randint(len(others), ()))]
    return found


def identity(task: Task, options: ModelOptions, recipe: Recipe, stage: str) -> dict[str, Any]:
    """What decides the result of a stage, as JSON values."""
    return {"task": task.name, "model": asdict(options), "recipe": asdict(recipe), "stage": stage}
