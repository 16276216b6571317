"""Runs a chip program in Lava in two forms: with neurotool's file sink, and stock."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.errors import NeurotoolError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, Convolution
from neurotool.plugins import TARGETS, load

Spikes = dict[str, npt.NDArray[np.bool_]]
SCRIPT = Path(__file__).with_name("stock_lava.py")


@dataclass(frozen=True)
class LavaRun:
    """What one sample took and gave.

    Attributes:
        seconds: Time it took, or None if it could not be run.
        spikes: Spikes ``[time, *shape]`` of the populations that were read.
        remark: How the time divides, or why there is none.
    """

    seconds: float | None
    spikes: Spikes
    remark: str = ""


def with_file_sink(program: ChipProgram, raster: npt.NDArray[np.bool_], limit: float) -> LavaRun:
    """Lava with its spikes written to files by a process of ours.

    Counted are the time steps alone, at the pace between the first and the last that Lava reports: neither starting
    its processes nor ending them.

    Args:
        program: The program.
        raster: One sample, ``[time, *shape]``.
        limit: Seconds after which it is given up.
    """
    reports: dict[int, float] = {}

    def report(done: int, total: int) -> None:
        if 0 < done < total:
            reports.setdefault(done, time.perf_counter())

    try:
        options = RunOptions(timeout=limit, progress=report)
        trace = load(TARGETS, "lava").run_program(program, {"input": raster[:, np.newaxis]}, options)
    except NeurotoolError as error:
        return LavaRun(None, {}, str(error).splitlines()[0])
    spikes = {name: trace.spikes[name][:, 0] != 0 for name in program.populations}
    if len(reports) < 2:
        return LavaRun(None, spikes, "too short to time")
    (first, began), (last, ended) = min(reports.items()), max(reports.items())
    return LavaRun(len(raster) * (ended - began) / (last - first), spikes)


def stock(program: ChipProgram, raster: npt.NDArray[np.bool_], read: Sequence[str], limit: float) -> LavaRun:
    """Lava as its users run it; arguments as above, ``read`` names the populations whose spikes are read.

    Counted is everything from input in memory to spikes in memory.
    """
    depth = max(program.populations[name].start for name in read)
    steps = len(raster) + depth
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "network.json").write_text(json.dumps(_network(program, read, steps)))
        shown = np.zeros((steps, *raster.shape[1:]), np.bool_)
        shown[: len(raster)] = raster
        weights: dict[str, Any] = {p.name: p.weights for p in program.projections.values()}
        np.savez(folder / "arrays.npz", input=shown, **weights)
        reason = _run(folder, limit)
        if reason:
            return LavaRun(None, {}, reason)
        taken = json.loads((folder / "seconds.json").read_text())
        with np.load(folder / "spikes.npz") as found:
            rows = {n: found[n][program.populations[n].start :][: len(raster)] for n in read}
    return LavaRun(sum(taken.values()), rows, f"{taken['read'] / sum(taken.values()):.0%} of it reading")


def _run(folder: Path, limit: float) -> str:
    """Run the script and return why it failed, or nothing."""
    log = folder / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder)], stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            return f"more than {limit:.0f} s"
        finally:
            with contextlib.suppress(ProcessLookupError):  # none of Lava's processes is left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    last = log.read_text().strip().splitlines()[-1:]
    return "" if code == 0 else f"failed: {' '.join(last)}"


def _network(program: ChipProgram, read: Sequence[str], steps: int) -> dict[str, Any]:
    projections: dict[str, dict[str, Any]] = {}
    for name, projection in program.projections.items():
        projections[name] = {"source": projection.source, "target": projection.target}
        if isinstance(projection.connectivity, Convolution):
            projections[name]["stride"] = list(projection.connectivity.stride)
    populations = {
        name: {"shape": population.shape, "parameters": {k: int(v[0]) for k, v in population.parameters.items()}}
        for name, population in program.populations.items()
    }
    (port,) = program.inputs.values()
    return {
        "input": port.shape,
        "populations": populations,
        "projections": projections,
        "read": list(read),
        "steps": steps,
    }
