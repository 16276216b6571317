"""The study: the full model beside its ablations over the class splits, and Tucker fusion over ranks and forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..common.about import about
from ..common.figures import draw_rows
from ..common.grid import Cell, Results, run_grid, scores_of
from ..common.intervals import interval, paired
from ..common.loop import copy_file
from ..common.publish import PAGE, home
from ..common.tables import markdown, put
from .data.choose import DataChoice, load_task
from .model.options import ModelOptions
from .protocol import test, two_stages
from .scores import chance
from .train import Recipe
from .tucker import FORMS, by_split, cost_table

COMMAND = "make study-stft"
PROTOCOL = "two stages per run; the class split is also the seed of weights and order of samples"
RESULTS, FIGURE = "study.json", "study.png"
FULL = "full model"
AXIS = "HM in the test (%); grey: one class split each; bar: mean and 95 % interval"

ROWS: dict[str, dict[str, Any]] = {
    FULL: {},
    "without time-step factor": {"tsf": "uniform"},
    "without global-local pooling": {"glp": "none"},
    "without dynamic threshold": {"threshold": "fixed"},
    "without latent knowledge": {"lkc": False},
    "concatenation for Tucker": {"fusion": "concat"},
    "Hadamard for Tucker": {"fusion": "hadamard"},
    "full bilinear for Tucker": {"fusion": "full"},
    "spiking stream only": {"streams": "spiking"},
    "semantic stream only": {"streams": "semantic"},
    "audio only": {"modalities": "audio"},
    "video only": {"modalities": "video"},
    "semantics frame by frame": {"semantics": "frames"},
    "semantic only, frame by frame": {"streams": "semantic", "semantics": "frames"},
}
"""What each row changes in the full model. The last two let the semantic side see the order of the digits."""


def cells(splits: int, rows: Sequence[str] | None = None) -> list[Cell]:
    """The grid: the ablation split by split, then the forms, so that a study that is stopped early has whole splits.

    Args:
        splits: Class splits.
        rows: Rows to run; None for all, those over ranks included.
    """
    found = []
    for changes in (ROWS, FORMS):
        for split in range(splits):
            for name in changes:
                if rows is None or name in rows:
                    options = {"split": split, "model": asdict(replace(ModelOptions(), **changes[name]))}
                    found.append(Cell(name, options | {"recipe": asdict(replace(Recipe(), seed=split))}))
    return found


def run_cell(options: Mapping[str, Any]) -> dict[str, float]:
    """Train and test one cell by the two-stage protocol."""
    task = load_task(DataChoice(split=options["split"]))
    model, recipe = ModelOptions(**options["model"]), Recipe(**options["recipe"])
    outcome = two_stages(task, model, recipe)
    found = outcome.scores
    scores = {"S": found.seen, "U": found.unseen, "HM": found.harmonic, "ZSL": found.zsl, "beta": outcome.beta}
    if model.modalities == "both":
        scores["HM by video head"] = test(outcome.model, task, outcome.beta, "video").harmonic
    scores["validation HM"] = max(entry["HM"] for entry in outcome.first)
    scores["epochs"] = float(len(outcome.second))
    scores["firing rate"] = outcome.second[-1]["rate"]
    scores["parameters"] = float(sum(p.numel() for p in outcome.model.parameters() if p.requires_grad))
    return scores


def run_study(
    folder: Path, splits: int, rows: Sequence[str] | None, publish: bool, note: Callable[[str], None], jobs: int = 1
) -> str:
    """Run what is missing of the grid and write table and figure.

    Args:
        folder: Keeps ``study.json`` and ``study.png``.
        splits: Class splits.
        rows: Rows to run, or None for all.
        publish: Whether tables and figure go into the example's README and results.
        note: Told what runs.
        jobs: Runs at once.

    Returns:
        The tables in Markdown.
    """
    if publish:
        home(__file__)  # refused now, not after the trainings
    grid = cells(splits, rows)
    results = run_grid(
        grid,
        run_cell,
        folder / RESULTS,
        about(COMMAND, PROTOCOL),
        lambda number, total, cell: note(f"{number + 1}/{total} {_title(cell)}"),
        jobs,
    )
    return write(folder, results, publish)


def write(folder: Path, results: Results, publish: bool) -> str:
    """Write tables and figure of what there is; arguments and result as those of :func:`run_study`."""
    tables = {"study": ablation_table(results), "tucker": cost_table(results)}
    hm = {name: scores_of(results, name, "HM") for name in ROWS}
    present = {name: values for name, values in hm.items() if values}
    guess = chance(*classes(DataChoice(split=0))).harmonic
    draw_rows(present, folder / FIGURE, AXIS, (guess, "chance"))
    if publish:
        here = home(__file__)
        for name, table in tables.items():
            put(here / PAGE, name, table)
        for name in (RESULTS, FIGURE):
            copy_file(folder / name, here / "results" / name)
    return "\n".join(tables.values())


def classes(choice: DataChoice) -> tuple[int, int]:
    """Number of seen and of unseen classes in the test."""
    task = load_task(choice)
    return len(task.present("full_train")), len(task.present("test_unseen"))


def ablation_table(results: Results) -> str:
    """Scores of each row, and its HM less that of the full model on the same splits, with 95 % intervals."""
    full = by_split(results, FULL)
    rows: list[list[object]] = []
    for name in ROWS:
        hm = by_split(results, name)
        if not hm:
            continue
        shared = [split for split in hm if split in full]
        gap = paired([hm[s] for s in shared], [full[s] for s in shared]).text(sign=True) if shared else ""
        mean = [f"{100 * np.mean(scores_of(results, name, key)):.1f}" for key in ("S", "U")]
        zsl = interval(scores_of(results, name, "ZSL")).text()
        size = f"{np.mean(scores_of(results, name, 'parameters')) / 1e6:.2f}"
        own = interval(list(hm.values())).text()
        rows.append([name, len(hm), *mean, own, "" if name == FULL else gap, zsl, size])
    guess = chance(80, 20)
    one = f"{100 * guess.seen:.1f}"
    rows.append(["chance", "", one, one, one, "", f"{100 * guess.zsl:.1f}", ""])
    header = ["row", "splits", "S %", "U %", "HM % [95 %]", "HM less full model's", "ZSL % [95 %]", "parameters, M"]
    return markdown(header, rows)


def _title(cell: Cell) -> str:
    return f"{cell.row}, split {cell.options['split']}"
