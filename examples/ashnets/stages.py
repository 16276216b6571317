"""The stages of a run in a folder: train, draw the curves, judge."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..common.figures import draw_curves
from .model import AshNet
from .runs import Data, Progress, RunOptions, build, load_data, load_options, train, trained
from .scores import activity, judge, priors
from .training.finetune import TASKS

PANELS = {
    "pretrain": {
        "losses": ("words", "match", "stua", "contrast", "commitment"),
        "unseen pictures": ("matching",),
    },
    "finetune": {
        "losses": (*TASKS, "match"),
        "unseen pictures": tuple(f"{task} accuracy" for task in TASKS),
    },
}


def run_stage(
    stage: str, folder: Path, options: RunOptions, progress: Progress | None = None, data: Data | None = None
) -> AshNet:
    """Train a stage in a folder, on top of the one before it, and draw its curves; returns the network."""
    known = load_data(options) if data is None else data
    if stage == "pretrain":
        network = build(options)
    else:
        network, _ = trained(folder, "pretrain", options)
    history = train(stage, network, options, known, folder, progress)
    draw_curves(history, PANELS[stage], folder / f"{stage}.png")
    return network


def evaluate_run(folder: Path) -> dict[str, Any]:
    """Scores of a fine-tuned network on the test split, what language alone would give, and the spiking layers."""
    options = load_options(folder)
    data = load_data(options)
    network, _ = trained(folder, "finetune", options)
    test = data.splits["test"]
    return {
        "scores": judge(network, test),
        "language alone": priors(data.splits["train"], test),
        "layers": [asdict(layer) for layer in activity(network, test)],
        "ratio": float(network.ratio.detach()),
    }
