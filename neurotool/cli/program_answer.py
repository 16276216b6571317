"""What ``run`` answers for a chip program that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import RenderableType

from neurotool.cli.summary.tables import facts, grid

if TYPE_CHECKING:
    from neurotool.pipeline import ProgramRun


def ran_program(path: Path, result: ProgramRun, out: Path | None) -> tuple[dict[str, Any], list[RenderableType]]:
    """Answer of ``run`` for a program."""
    trace = result.trace
    rows = {name: _activity(raster) for name, raster in trace.spikes.items()}
    data = {
        "schema": "neurotool.run/1",
        "program": str(path),
        "target": trace.target,
        "samples": result.samples,
        "steps": trace.steps,
        "seconds": result.seconds,
        "activity": {"program": rows},
        "latency": dict(trace.latency),
        "facts": dict(trace.facts),
        "notes": list(result.notes),
        "out": str(out) if out else None,
    }
    head = {
        "program": path,
        "run on": trace.target,
        "samples": result.samples,
        "time steps": trace.steps,
        "wall-clock time": f"{result.seconds:.2f} s, start-up of the engine included",
        "throughput": tuple(f"{value} {name}" for name, value in trace.facts.items() if name.endswith("per second")),
        "path": trace.facts.get("path"),
        "note": result.notes,
        "recording": out,
    }
    table = grid("Activity", "layer", ">starts at step", ">neurons", ">spikes per sample", ">rate per step")
    for name, activity in rows.items():
        start = str(trace.latency.get(name, 0))
        per_sample, rate = f"{activity['spikes_per_sample']:,.1f}", f"{activity['rate']:.2%}"
        table.add_row(name, start, f"{activity['neurons']:,}", per_sample, rate)
    return data, [facts("Run", head), table]


def _activity(raster: np.ndarray[Any, Any]) -> dict[str, Any]:
    steps, batch = raster.shape[:2]
    neurons = int(np.prod(raster.shape[2:], dtype=np.int64))
    spikes = int(np.count_nonzero(raster)) / batch
    return {"neurons": neurons, "spikes_per_sample": spikes, "rate": spikes / (steps * neurons)}
