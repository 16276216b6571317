"""The story of one model: trained, brought to the chip step by step, converted, run, verified and costed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from neurotool.ir.atomic_file import replacing

from ..common.loop import copy_file
from ..common.publish import PAGE, home
from ..common.tables import put
from .chip import LADDER, mean_thresholds, rung, with_thresholds
from .data.choose import DataChoice, load_task
from .data.task import Task
from .deploy import deploy
from .evaluate import tensors
from .figures import draw_sample
from .model.options import ModelOptions
from .model.stft import SpikingTuckerTransformer
from .protocol import test
from .runs import OPTIONS, RESULT, WEIGHTS, RunOptions, load_run, score_json, train_run
from .scores import Scores
from .story_tables import cut_table, energy_table, ladder_table, lava_text, resource_table
from .train import Recipe

Note = Callable[[str], None]


@dataclass(frozen=True)
class StoryOptions:
    """How the story is told.

    Attributes:
        out: Folder of everything it makes.
        seed: Seed of the trainings.
        split: Class split.
        quick: A small model, a few epochs and a few samples: it shows that everything runs, not how well.
        publish: Put tables and figures into the example's README.
    """

    out: Path
    seed: int = 0
    split: int = 0
    quick: bool = False
    publish: bool = False

    @property
    def run(self) -> RunOptions:
        """Options of the trainings."""
        data, model, recipe = DataChoice(split=self.split), ModelOptions(), Recipe(seed=self.seed)
        if self.quick:
            data = replace(data, quick=True)
            model = replace(model, width=32, heads=4, rank=8)
            recipe = replace(recipe, epochs=2, batches=8)
        return RunOptions(data, model, recipe)


def tell(options: StoryOptions, note: Note) -> str:
    """Tell the story; returns its tables in Markdown.

    Trainings that an earlier call finished in the same folder are taken up.
    """
    if options.publish:
        home(__file__)  # refused now, not after the trainings
    options.out.mkdir(parents=True, exist_ok=True)
    ladder = climb(options, note)
    chip = options.out / "chip"
    many = {"lava": 2, "limit": 8, "cuts": 4} if options.quick else {"lava": 50, "limit": 200, "cuts": 60}
    ran = deploy(chip, options.out, note=note, **many)
    ladder["8-bit weights, on the engine"] = ran.scores
    tables = {
        "ladder": ladder_table(ladder),
        "lava": lava_text(ran),
        "resources": resource_table(ran.converted),
        "energy": energy_table(ran.energy),
        "cuts": cut_table(ran.cuts),
    }
    picture(load_task(options.run.data), load_run(options.out / "run-0")[1], options.out / "sample.png")
    text = "\n".join(f"## {name}\n\n{table}" for name, table in tables.items())
    with replacing(options.out / "story.md", parents=True) as file:
        file.write_text(text)
    scores = {name: score_json(found) for name, found in ladder.items()}
    with replacing(options.out / "story.json", parents=True) as file:
        file.write_text(json.dumps(scores, indent=1))
    if options.publish:
        publish(options.out, tables)
    return text


def climb(options: StoryOptions, note: Note) -> dict[str, Scores]:
    """Train each rung, freeze the thresholds of the last one, and keep that as the chip variant."""
    ladder: dict[str, Scores] = {}
    folder = options.out
    task = load_task(options.run.data)
    for number, (name, changes) in enumerate(LADDER.items()):
        folder = options.out / f"run-{number}"
        note(f"training: {name}")
        run = replace(options.run, model=rung(changes, options.run.model))
        train_run(folder, run, _quiet(note))
        _, model, beta = load_run(folder)
        ladder[name] = test(model, task, beta, run.recipe.head)
    note("freezing the thresholds")
    trained, model, beta = load_run(folder)
    tables = mean_thresholds(model, task)
    table = with_thresholds(model, tables, single=False)
    ladder["threshold table for the dynamic one"] = test(table, task, beta, trained.recipe.head)
    single = test(with_thresholds(model, tables, single=True), task, beta, trained.recipe.head)
    ladder["(one threshold for all steps)"] = single
    _keep(options.out / "chip", trained, table, beta)
    return ladder


def picture(task: Task, model: SpikingTuckerTransformer, path: Path) -> None:
    """Draw the first unseen test sample, and what the spiking branches make of it."""
    one = task.splits["test_unseen"].take(torch.arange(1).numpy())
    with torch.no_grad():
        spiked = model(*tensors(one, torch.device("cpu"))).spiked
    rasters = {str(m): found.spikes[:, 0].numpy() for m, found in spiked.items()}
    title = f"number {task.classes[int(one.target[0])]}, unseen in training"
    draw_sample(one.audio[:, 0], one.video[:, 0], rasters, title, path)


def publish(out: Path, tables: Mapping[str, str]) -> None:
    """Put tables and figures beside the example's README."""
    here = home(__file__)
    for name, table in tables.items():
        put(here / PAGE, name, table)
    for name in ("run-0/curves.png", "sample.png", "cuts.png", "story.json"):
        copy_file(out / name, here / "results" / Path(name).name)


def _keep(folder: Path, trained: RunOptions, model: SpikingTuckerTransformer, beta: float) -> None:
    """Keep the chip variant as a run, so that the factory finds it."""
    run = replace(trained, model=model.options)
    with replacing(folder / WEIGHTS, parents=True) as file:
        torch.save(model.state_dict(), file)
    with replacing(folder / RESULT, parents=True) as file:
        file.write_text(json.dumps({"beta": beta}))
    with replacing(folder / OPTIONS, parents=True) as file:
        file.write_text(json.dumps(run.to_json(), indent=1))


def _quiet(note: Note) -> Callable[[str, int, int, Mapping[str, float]], None]:
    """Tell of every fifth epoch."""

    def tell(stage: str, done: int, total: int, entry: Mapping[str, float]) -> None:
        if done % 5 == 0 or done == total:
            score = f", validation HM {entry['HM']:.3f}" if "HM" in entry else ""
            note(f"  {stage} epoch {done}/{total}{score}")

    return tell
