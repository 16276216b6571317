"""The two-stage protocol: choose the epoch and β on validation classes, train again on everything, then test once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ..common import loop
from .data.task import Task
from .evaluate import Head, distances
from .model.options import ModelOptions
from .model.stft import SpikingTuckerTransformer
from .scores import Scores, score
from .train import Recipe, Stage, build, identity

SMALLEST_BETA = 1e-10
"""β in the test where the validation chose 0, as in AVCA."""

Progress = Callable[[str, int, int, Mapping[str, float]], None]
"""Told after each epoch: name of the stage, epochs done, epochs in all, and the entry of the history."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the protocol found.

    Attributes:
        model: The model of stage 2.
        first: History of stage 1.
        second: History of stage 2.
        beta: β chosen on the validation classes.
        scores: Test scores, by the recipe's head.
    """

    model: SpikingTuckerTransformer
    first: loop.History
    second: loop.History
    beta: float
    scores: Scores


def two_stages(
    task: Task, options: ModelOptions, recipe: Recipe, folder: Path | None = None, progress: Progress | None = None
) -> Outcome:
    """Train and test.

    Stage 1 trains on ``train`` and keeps the epoch and β of the highest HM on the validation splits. Stage 2 trains a
    new model on ``full_train`` for that many epochs with the same learning rates.

    Args:
        task: The data.
        options: The model.
        recipe: The training.
        folder: Where both stages keep their state, or None.
        progress: Told of each epoch.
    """
    model, first = train_stage(task, options, recipe, "train", None, recipe.epochs, folder, progress)
    best = max(first, key=lambda entry: entry["HM"])
    epochs, rates = int(best["epoch"]), [entry["learning_rate"] for entry in first]
    model, second = train_stage(task, options, recipe, "full_train", rates, epochs, folder, progress)
    beta = best["beta"] or SMALLEST_BETA
    return Outcome(model, first, second, beta, test(model, task, beta, recipe.head))


def train_stage(
    task: Task,
    options: ModelOptions,
    recipe: Recipe,
    split: str,
    rates: list[float] | None,
    epochs: int,
    folder: Path | None,
    progress: Progress | None,
) -> tuple[SpikingTuckerTransformer, loop.History]:
    """Train one stage from its seed."""
    name = "stage1" if split == "train" else "stage2"

    def tell(done: int, total: int, entry: Mapping[str, float]) -> None:
        if progress is not None:
            progress(name, done, total, entry)

    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        model = build(task, options, recipe, "train" if name == "stage1" else "full_train")
        stage = Stage(task, model, recipe, "train" if name == "stage1" else "full_train", rates)
        where = None if folder is None else folder / name
        history = loop.run(stage, epochs, identity(task, options, recipe, name), where, tell)
    return model.eval(), history


def test(model: SpikingTuckerTransformer, task: Task, beta: float, head: Head) -> Scores:
    """Scores on the test splits with a β that was chosen before."""
    return score(distances(model, task, "test", head), beta)
