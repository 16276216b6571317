"""The study: the network beside its baselines of equal size and without its parts, over seeds and numbers of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..common.about import about
from ..common.figures import draw_rows
from ..common.grid import Cell, Results, run_grid, scores_of
from ..common.intervals import interval, paired
from ..common.publish import PAGE, home
from ..common.tables import markdown, put
from .model import Config
from .runs import RunOptions, build, load_data, train
from .scores import activity, judge, priors
from .training.finetune import TASKS, FinetuneOptions
from .training.pretrain import PretrainOptions

COMMAND = "make study-ashnets"
RESULTS = "study.json"
FULL = "full network"
MEAN = "mean of the tasks"

BASE = RunOptions(
    train=3000,
    validation=100,
    test=1000,
    model=Config(width=48),
    pretrain=PretrainOptions(epochs=9, rate=2e-3),
    finetune=FinetuneOptions(epochs=6, rate=1e-3),
)
"""Smaller than a story, so that the grid fits into 90 minutes."""

ROWS: dict[str, dict[str, dict[str, Any]]] = {
    FULL: {},
    "ANN only (r = 0)": {"model": {"abstract": "none"}},
    "second ANN for the SNN": {"model": {"abstract": "ann"}},
    "SNN only (F = 0)": {"model": {"concrete": "none"}},
    "SNN only, of full size": {"model": {"concrete": "none", "mixer": "spiking", "abstract_layers": 7}},
    "quantised for spiking": {"model": {"abstract": "quantised"}},
    "without STUA": {"pretrain": {"stua": 0.0}},
    "without contrast": {"pretrain": {"contrast": 0.0}},
    "without hard samples": {"pretrain": {"hard": False}},
    "T = 1": {"model": {"steps": 1}},
    "T = 2": {"model": {"steps": 2}},
    "T = 8": {"model": {"steps": 8}},
}
"""What each row changes. The full network has T = 4.

The second ANN and the SNN of full size have as many parameters as it, within 0.2 %; rows without an encoder lack its.
"""


def options_of(row: str, seed: int, base: RunOptions = BASE) -> RunOptions:
    """Options of a run."""
    changes = ROWS[row]
    return replace(
        base,
        seed=seed,
        model=replace(base.model, **changes.get("model", {})),
        pretrain=replace(base.pretrain, **changes.get("pretrain", {})),
    )


def cells(seeds: int, rows: Sequence[str] | None = None, base: RunOptions = BASE) -> list[Cell]:
    """The grid, seed by seed, so that a study that is stopped early has whole seeds."""
    named = [name for name in ROWS if rows is None or name in rows]
    return [Cell(name, asdict(options_of(name, seed, base))) for seed in range(seeds) for name in named]


def run_cell(values: Mapping[str, Any]) -> dict[str, float]:
    """Train and test one network."""
    options = RunOptions.from_json(values)
    data = load_data(options)
    network = build(options)
    first = train("pretrain", network, options, data, None)
    train("finetune", network, options, data, None)
    test = data.splits["test"]
    scores = judge(network, test)
    layers = activity(network, test)
    scores |= {f"rate {number}": layer.rate for number, layer in enumerate(layers, 1)}
    scores |= {f"usage {number}": layer.usage for number, layer in enumerate(layers, 1)}
    return {
        **scores,
        MEAN: sum(scores[task] for task in TASKS) / len(TASKS),
        "matching after pre-training": first[-1]["matching"],
        "ratio": float(network.ratio.detach()),
        "parameters": float(sum(p.numel() for p in network.parameters())),
    }


def run_study(
    folder: Path,
    seeds: int,
    rows: Sequence[str] | None,
    publish: bool,
    note: Callable[[str], None],
    jobs: int = 1,
    base: RunOptions = BASE,
) -> str:
    """Run what is missing of the grid; write table and figure.

    Args:
        folder: Keeps ``study.json`` and ``study.png``.
        seeds: Seeds per row.
        rows: Rows to run, or None for all.
        publish: Whether the table goes into the example's README.
        note: Told what runs.
        jobs: Runs at once.
        base: What the rows change.

    Returns:
        The table in Markdown.
    """
    if publish:
        home(__file__)  # refused now, not after the trainings
    grid = cells(seeds, rows, base)
    results = run_grid(
        grid,
        run_cell,
        folder / RESULTS,
        about(
            COMMAND, "pre-training, then all tasks at once; tested once on pictures and things that are in no training"
        ),
        lambda number, total, cell: note(f"{number + 1}/{total} {cell.row}, seed {cell.options['seed']}"),
        jobs,
    )
    return write(folder, results, publish, base)


def write(folder: Path, results: Results, publish: bool, base: RunOptions = BASE) -> str:
    """Write table and figure of what there is."""
    table = study_table(results)
    if publish:
        put(home(__file__) / PAGE, "study", table)
    data = load_data(base)
    prior = priors(data.splits["train"], data.splits["test"])
    means = {name: scores_of(results, name, MEAN) for name in ROWS}
    present = {name: values for name, values in means.items() if values}
    draw_rows(
        present,
        folder / "study.png",
        label="mean accuracy of questions, entailment and pairs (%); grey: one seed each; bar: mean and 95 % interval",
        line=(sum(prior.values()) / len(prior), "language alone"),
    )
    return table


def study_table(results: Results) -> str:
    """Scores of each row with intervals, and what they are less the full network's on the same seeds."""
    full = {entry["options"]["seed"]: entry["scores"][MEAN] for entry in results if entry["row"] == FULL}
    lines: list[list[str]] = []
    for name in ROWS:
        own = {entry["options"]["seed"]: entry["scores"][MEAN] for entry in results if entry["row"] == name}
        if not own:
            continue
        both = sorted(set(own) & set(full))
        gap = "" if name == FULL or not both else _text([own[s] for s in both], [full[s] for s in both])
        shown = [_text(scores_of(results, name, key)) for key in (*TASKS, "match")]
        recall = [
            (a + b) / 2
            for a, b in zip(scores_of(results, name, "text R@1"), scores_of(results, name, "picture R@1"), strict=True)
        ]
        size = f"{scores_of(results, name, 'parameters')[0] / 1e3:.1f}"
        lines.append([name, str(len(own)), *shown, _text(recall), gap, size])
    header = [
        "row",
        "seeds",
        "questions %",
        "entailment %",
        "pairs %",
        "matching %",
        "R@1 %",
        "tasks less full",
        "k parameters",
    ]
    return markdown(header, lines)


def _text(values: Sequence[float], baseline: Sequence[float] | None = None) -> str:
    found = interval(values) if baseline is None else paired(values, baseline)
    if found.count < 2:
        return f"{100 * found.mean:+.1f}" if baseline is not None else f"{100 * found.mean:.1f}"
    return found.text(sign=baseline is not None)
