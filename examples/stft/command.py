"""The command line of the example: ``python -m neurotool.examples.stft COMMAND``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from ..common.command import Group, changed, note
from .data.choose import DataChoice
from .model.options import ModelOptions
from .train import PUBLISHED, Recipe


@click.group(cls=Group, context_settings={"show_default": True})
def main() -> None:
    """Spiking Tucker fusion transformer: audio-visual zero-shot learning, from training to the chip."""


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/stft/run"), help="Folder of the run.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of a published data set; none: the numbers.")
@click.option(
    "--layout",
    type=click.Choice(["avca-main", "avca-cls", "tcaf-main", "tcaf-cls"]),
    default="avca-main",
    help="Its layout.",
)
@click.option("--legacy-text-order", is_flag=True, help="Take the misaligned class embeddings of AVCA's own loader.")
@click.option("--split", type=int, default=0, help="Class split of the numbers.")
@click.option("--seed", type=int, default=0, help="Seed of weights, order of samples and negatives.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option, such as model.width=64 or recipe.epochs=50.",
)
def train(
    out: Path, data: Path | None, layout: str, legacy_text_order: bool, split: int, seed: int,
    changes: tuple[str, ...],
) -> None:  # fmt: skip
    """Train by the two-stage protocol and test. The same command goes on where a run was stopped."""
    from .runs import RunOptions, train_run

    choice = DataChoice(data, layout, legacy_text_order, split)
    recipe = replace(Recipe() if data is None else PUBLISHED, seed=seed)
    options = changed(RunOptions(choice, ModelOptions(), recipe), changes)
    click.echo(json.dumps(train_run(out, options, _say), indent=1))
    click.echo(f"next: python -m neurotool.examples.stft evaluate {out}", err=True)


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
def evaluate(run: Path) -> None:
    """Test a trained RUN: S, U, HM and ZSL by each head, as JSON on stdout."""
    from .runs import evaluate_run

    click.echo(json.dumps(evaluate_run(run), indent=1))


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/stft/story"), help="Folder of the story.")
@click.option("--seed", type=int, default=0, help="Seed of the trainings.")
@click.option("--split", type=int, default=0, help="Class split.")
@click.option("--quick", is_flag=True, help="A small model, a few epochs and a few samples.")
@click.option("--publish", is_flag=True, help="Put tables and figures into the example's README.")
def story(out: Path, seed: int, split: int, quick: bool, publish: bool) -> None:
    """Take one model all the way: training, chip variant, conversion, engine, Lava, verification, energy."""
    from .story import StoryOptions, tell

    click.echo(tell(StoryOptions(out, seed, split, quick, publish), note))


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/stft/study"), help="Folder of the study.")
@click.option("--splits", type=int, default=5, help="Class splits per row.")
@click.option("--rows", default="all", help="Comma-separated names of rows.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, help="Runs at once, each in its own process.")
@click.option("--so-far", is_flag=True, help="Run nothing; write the tables of what has been run.")
@click.option("--publish", is_flag=True, help="Put tables and figures into the example's README.")
def study(out: Path, splits: int, rows: str, jobs: int, so_far: bool, publish: bool) -> None:
    """Compare the full model with its ablations over class splits. Goes on where it was stopped."""
    from ..common.grid import read_results
    from .study import RESULTS, run_study, write

    if so_far:
        click.echo(write(out, read_results(out / RESULTS), publish))
        return
    click.echo(run_study(out, splits, None if rows == "all" else rows.split(","), publish, note, jobs))


def _say(stage: str, done: int, total: int, entry: Mapping[str, float]) -> None:
    shown = ", ".join(
        f"{name} {entry[name]:.3f}" for name in ("triplet", "pull", "rebuild", "HM", "ZSL") if name in entry
    )
    click.echo(f"{stage} epoch {done}/{total}: {shown}", err=True)
