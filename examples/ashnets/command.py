"""The command line of the example: ``python -m neurotool.examples.ashnets COMMAND``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from ..common.command import Group, changed, note

OUT = Path("build/ashnets/run")


@click.group(cls=Group, context_settings={"show_default": True})
def main() -> None:
    """Artificial-spiking hierarchical networks: vision and language, from pre-training to the chip."""


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Folder of the run.")
@click.option("--seed", type=int, default=0, help="Seed of weights, order, masks and negatives.")
@click.option("--quick", is_flag=True, help="A small network and a few epochs.")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="An option, such as model.steps=8.")
def pretrain(out: Path, seed: int, quick: bool, changes: tuple[str, ...]) -> None:
    """Pre-train a network. The same command goes on where it was stopped."""
    from .runs import QUICK, RunOptions, keep_options
    from .stages import run_stage

    options = changed(replace(QUICK if quick else RunOptions(), seed=seed), changes)
    keep_options(out, options)
    run_stage("pretrain", out, options, say)
    click.echo(f"next: python -m neurotool.examples.ashnets finetune --out {out}", err=True)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Folder of the run.")
def finetune(out: Path) -> None:
    """Fine-tune a pre-trained network on all tasks. The same command goes on where it was stopped."""
    from .runs import load_options
    from .stages import run_stage

    run_stage("finetune", out, load_options(out), say)
    click.echo(f"next: python -m neurotool.examples.ashnets evaluate --out {out}", err=True)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Folder of the run.")
def evaluate(out: Path) -> None:
    """Judge a fine-tuned network on unseen pictures: tasks, retrieval, spikes; as JSON on stdout."""
    from .stages import evaluate_run

    click.echo(json.dumps(evaluate_run(out), indent=1))


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/ashnets/story"), help="Folder.")
@click.option("--seed", type=int, default=0, help="Seed of the training.")
@click.option("--quick", is_flag=True, help="A small network, a few epochs and a few samples.")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="An option, such as model.concrete=none.")
@click.option("--publish", is_flag=True, help="Put the tables into the example's README.")
def story(out: Path, seed: int, quick: bool, changes: tuple[str, ...], publish: bool) -> None:
    """Take one network all the way: training, the four tasks, conversion, engine, Lava, verification, energy."""
    from .runs import QUICK, RunOptions
    from .story import tell

    options = changed(replace(QUICK if quick else RunOptions(), seed=seed), changes)
    few = {"pictures": 3} if quick else {}
    click.echo(tell(out, options, publish=publish, note=note, progress=say, **few))


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/ashnets/study"), help="Folder.")
@click.option("--seeds", type=int, default=3, help="Seeds per row.")
@click.option("--rows", default="all", help="Comma-separated names of rows.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, help="Runs at once, each in its own process.")
@click.option("--so-far", is_flag=True, help="Run nothing; write the table of what has been run.")
@click.option("--publish", is_flag=True, help="Put the table into the example's README.")
def study(out: Path, seeds: int, rows: str, jobs: int, so_far: bool, publish: bool) -> None:
    """Compare the network with its baselines over seeds. Goes on where it was stopped."""
    from ..common.grid import read_results
    from .study import RESULTS, run_study, write

    if so_far:
        click.echo(write(out, read_results(out / RESULTS), publish))
    else:
        click.echo(run_study(out, seeds, None if rows == "all" else rows.split(","), publish, note, jobs))


def say(stage: str, done: int, total: int, entry: Mapping[str, float]) -> None:
    """Tell of an epoch."""
    shown = ", ".join(f"{name} {value:.3f}" for name, value in entry.items() if name != "epoch")
    click.echo(f"{stage} {done}/{total}: {shown}", err=True)
