"""A grid of runs that can stop at any time and go on: one JSON file of results, a row per run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurotool.errors import BackendMissingError, UsageError
from neurotool.ir.atomic_file import replacing


@dataclass(frozen=True)
class Cell:
    """One run of the grid.

    Attributes:
        row: Name of what is varied, such as an ablation.
        options: The options of the run as JSON values. A result is taken up only if they are the same.
    """

    row: str
    options: Mapping[str, Any]


Results = list[dict[str, Any]]
"""One entry per run: ``row``, ``options``, ``seconds`` and ``scores``."""


def run_grid(
    cells: Sequence[Cell],
    run: Callable[[Mapping[str, Any]], Mapping[str, float]],
    path: Path,
    about: Mapping[str, Any],
    progress: Callable[[int, int, Cell], None] | None = None,
    jobs: int = 1,
) -> Results:
    """Run every cell that has no result yet.

    Args:
        cells: The grid, in the order of the runs.
        run: Makes the scores of a cell from its options.
        path: The file of results; written anew, whole, after each run.
        about: What a reader must know to repeat it: command and versions. Kept in the file.
        progress: Told before each run: its number in the grid, from 0, runs in all, and what comes.
        jobs: Runs at once, each in a process of its own with its share of the cores; 1 runs all of them here.

    Returns:
        The results of all cells, in their order.

    Raises:
        BackendMissingError: joblib is not installed.
    """
    joblib = _joblib()
    kept = read_results(path) if path.is_file() else []
    done = {_key(entry["row"], entry["options"]): entry for entry in kept}
    finished = set(done)

    def missing() -> Iterator[Any]:
        for number, cell in enumerate(cells):
            if _key(cell.row, cell.options) not in finished:
                if progress is not None:
                    progress(number, len(cells), cell)
                yield joblib.delayed(_timed)(run, cell)

    # No run is begun before there is a process for it, so that what is told is what runs.
    parallel = joblib.Parallel(jobs, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1)
    for entry in parallel(missing()):
        done[_key(entry["row"], entry["options"])] = entry
        text = json.dumps({"about": dict(about), "results": list(done.values())}, indent=1)
        with replacing(path, parents=True) as file:
            file.write_text(text + "\n")
    return [done[_key(cell.row, cell.options)] for cell in cells]


def _joblib() -> Any:
    try:
        import joblib
    except ImportError as error:
        raise BackendMissingError(
            "a study needs joblib, which is not installed", hint="pip install 'neurotool[examples]'"
        ) from error
    return joblib


def _timed(run: Callable[[Mapping[str, Any]], Mapping[str, float]], cell: Cell) -> dict[str, Any]:
    began = time.perf_counter()
    scores = dict(run(cell.options))
    seconds = round(time.perf_counter() - began, 1)
    return {"row": cell.row, "options": dict(cell.options), "seconds": seconds, "scores": scores}


def read_results(path: Path) -> Results:
    """Read a file of results.

    Raises:
        UsageError: It is no such file.
    """
    try:
        results: Results = json.loads(path.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: it is no file of results ({error})", hint="remove it to start anew") from error
    return results


def scores_of(results: Results, row: str, score: str) -> list[float]:
    """Values of a score over the runs of a row, in the order of the grid."""
    return [float(entry["scores"][score]) for entry in results if entry["row"] == row]


def _key(row: str, options: Mapping[str, Any]) -> str:
    return json.dumps([row, options], sort_keys=True)
