"""What is kept of a run, and the states that a run goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurotool.data import Samples
from neurotool.errors import UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.program import ChipProgram
from neurotool.ir.state import RunState
from neurotool.ir.state_file import check_state, load_states
from neurotool.ir.trace import Trace
from neurotool.pipeline.results import RunResult


def read_states(path: Path | None, programs: Mapping[str, ChipProgram], batch: int) -> dict[str, RunState]:
    """Read the states to go on from, one for each spiking part; none without a file.

    Raises:
        UsageError: The file does not belong to these programs or to so many samples.
    """
    if path is None:
        return {}
    states = load_states(path)
    if set(states) != set(programs):
        raise UsageError(f"{path}: holds states of {sorted(states)}, the spiking parts are {sorted(programs)}")
    for name, state in states.items():
        check_state(state, programs[name], batch, f"{path}: {name}")
    return states


def about_labels(dataset: Samples, correct: int | None, outputs: Mapping[str, Array]) -> tuple[str, ...]:
    """Say why there is no accuracy although there are labels."""
    if dataset.y is None or correct is not None:
        return ()
    shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in outputs.items())
    return (f"no accuracy: labels 0 to {int(dataset.y.max())} do not name a class of one output (outputs: {shapes})",)


def run_json(result: RunResult, dataset: Samples) -> dict[str, Any]:
    """What a bundle keeps of a run as ``run.json``."""
    return {
        "schema": "neurotool.run-record/1",
        "target": result.target,
        "data": {
            "path": str(dataset.path),
            "sha256": dataset.sha256,
            "samples": result.samples,
            "steps": dataset.steps,
        },
        "accuracy": result.accuracy,
        "notes": list(result.notes),
        "seconds": result.seconds,
        "outputs": {name: list(value.shape) for name, value in result.outputs.items()},
        "spikes_per_sample": spikes_per_sample(result.traces),
        "boundaries": [crossing.to_json() for crossing in result.crossings],
        "facts": {name: dict(trace.facts) for name, trace in result.traces.items()},
    }


def spikes_per_sample(traces: Mapping[str, Trace]) -> dict[str, float]:
    """Mean number of spikes per sample of every port and population."""
    return {
        name: float(counts.sum()) / trace.batch for trace in traces.values() for name, counts in trace.counts().items()
    }
