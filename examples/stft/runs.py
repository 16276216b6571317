"""Runs on disk: a folder holds its options, the state of both stages, curves and scores."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from neurotool.errors import UsageError
from neurotool.ir.atomic_file import replacing

from ..common.figures import draw_curves
from .data.choose import DataChoice, load_task
from .model.options import ModelOptions
from .model.stft import SpikingTuckerTransformer
from .protocol import Progress, test, two_stages
from .scores import Scores
from .train import Recipe, build

PANELS = {"training losses": ("triplet", "pull", "rebuild"), "validation scores": ("S", "U", "HM", "ZSL")}
OPTIONS, WEIGHTS, RESULT, CURVES = "options.json", "weights.pt", "result.json", "curves.png"


@dataclass(frozen=True)
class RunOptions:
    """Everything that decides a run."""

    data: DataChoice
    model: ModelOptions
    recipe: Recipe

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        data = asdict(self.data) | {"folder": None if self.data.folder is None else str(self.data.folder)}
        return {"data": data, "model": asdict(self.model), "recipe": asdict(self.recipe)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> RunOptions:
        """The reverse of :meth:`to_json`."""
        folder = values["data"]["folder"]
        data = DataChoice(**values["data"] | {"folder": None if folder is None else Path(folder)})
        return cls(data, ModelOptions(**values["model"]), Recipe(**values["recipe"]))


def train_run(folder: Path, options: RunOptions, progress: Progress | None = None) -> dict[str, Any]:
    """Train and test, or go on where the run was stopped; returns what :func:`evaluate_run` returns."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(options.to_json(), indent=1)
    path = folder / OPTIONS
    if path.is_file() and path.read_text() != text:
        raise UsageError(f"{folder}: it holds a run with other options", hint="remove it, or give another --out")
    with replacing(path, parents=True) as file:
        file.write_text(text)
    outcome = two_stages(load_task(options.data), options.model, options.recipe, folder, progress)
    with replacing(folder / WEIGHTS, parents=True) as file:
        torch.save(outcome.model.state_dict(), file)
    result = {"beta": outcome.beta, "epochs": len(outcome.second)}
    with replacing(folder / RESULT, parents=True) as file:
        file.write_text(json.dumps(result))
    draw_curves(outcome.first, PANELS, folder / CURVES)
    return evaluate_run(folder)


def load_run(folder: Path) -> tuple[RunOptions, SpikingTuckerTransformer, float]:
    """Options, trained model and β of a finished run.

    Raises:
        UsageError: There is no finished run, or it is damaged.
    """
    try:
        options = RunOptions.from_json(json.loads((folder / OPTIONS).read_text()))
        model = build(load_task(options.data), options.model, options.recipe, "full_train")
        model.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True, map_location="cpu"))
        beta = float(json.loads((folder / RESULT).read_text())["beta"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        hint = "python -m neurotool.examples.stft train --out makes one"
        raise UsageError(f"{folder}: no finished run ({error})", hint=hint) from error
    return options, model.eval(), beta


def evaluate_run(folder: Path) -> dict[str, Any]:
    """Scores of a finished run on the test splits, by head."""
    options, model, beta = load_run(folder)
    task = load_task(options.data)
    heads = ("both", "video", "audio") if len(options.model.used) == 2 else ("both",)
    return {head: score_json(test(model, task, beta, head)) for head in heads}  # type: ignore[arg-type]


def score_json(scores: Scores) -> dict[str, float]:
    """Scores by the names of the literature."""
    return {"S": scores.seen, "U": scores.unseen, "HM": scores.harmonic, "ZSL": scores.zsl, "beta": scores.beta}
