"""The Lava target: programs in, traces out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.errors import BackendFailedError, BackendMissingError, UsageError
from neurotool.ir.adapters import Availability, Progress, RunOptions
from neurotool.ir.port_check import check_inputs
from neurotool.ir.program import ChipProgram, OutputKind
from neurotool.ir.trace import Trace
from neurotool.neurons import MODELS
from neurotool.targets.lava.checks import check_program
from neurotool.targets.lava.client import FIX, LONGER, run_job
from neurotool.targets.lava.export import write_script
from neurotool.targets.lava.install import install_commands, installed
from neurotool.targets.lava.job import SPIKES
from neurotool.targets.lava.lower import Run, align, lower, recorded
from neurotool.targets.lava.names import LAVA

Raster = npt.NDArray[Any]


class LavaTarget:
    """Runs programs on the fixed-point process models of the real Lava, in processes of its own."""

    name = "lava"
    limits_time = True
    install_commands = staticmethod(install_commands)
    write_script = staticmethod(write_script)

    def available(self) -> Availability:
        """Tell whether Lava is installed, without importing it."""
        if sys.platform != "linux":
            return Availability(False, f"the Lava worker needs Linux, this is {sys.platform}")
        version = installed()[LAVA]
        if version is None:
            return Availability(False, f"{LAVA} is not installed", FIX)
        return Availability(True, f"{LAVA} {version}")

    def run_program(self, program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions) -> Trace:
        """Run a program from reset.

        Args:
            program: The program.
            inputs: Spikes per input port, ``[time, batch, *shape]``: bool or 0/1, integers for graded spikes.
            options: A population without one of the ``probes`` is skipped for it. Without a timeout the run is given
                up when it makes no progress.

        Raises:
            UsageError: The input does not fit the program, or an option has no meaning here.
            UnsupportedError: Lava cannot run the program; lists every reason.
            BackendMissingError: Lava is not installed or cannot be imported.
            BackendFailedError: Lava failed, hung, or ran out of time.
        """
        _check_options(program, options)
        check_program(program)
        rasters = check_inputs(program, inputs)
        availability = self.available()
        if not availability.ok:
            raise BackendMissingError(
                f"the lava target does not work here: {availability.detail}", hint=f"run: {availability.fix or FIX}"
            )
        began = time.monotonic()
        runs = lower(program, rasters, recorded(program, options.probes))
        records, facts = _run_all(program, runs, options)
        return Trace(
            target=self.name,
            dt=program.dt,
            steps=next(iter(rasters.values())).shape[0],
            spikes={**rasters, **{name: records[name][SPIKES] for name in program.populations}},
            states=_states(records, options.probes),
            outputs=_outputs(program, records),
            latency={name: population.start for name, population in program.populations.items()},
            seconds=time.monotonic() - began,
            facts=facts,
        )


Records = dict[str, dict[str, Raster]]
"""Per population and variable, ``[time, batch, *shape]``."""


def _check_options(program: ChipProgram, options: RunOptions) -> None:
    if options.strict:
        raise UsageError(
            "the lava target follows Lava's simulation, which does not check what a chip could hold",
            hint="use the loihi target for a strict run: --target loihi --strict",
        )
    if options.resume is not None or options.keep_state:
        raise UsageError(
            "the lava target starts every run from reset", hint="the loihi target continues runs: --target loihi"
        )
    known = {state for p in program.populations.values() if p.model in MODELS for state in MODELS[p.model].states}
    unknown = sorted(set(options.probes) - known)
    if unknown and known:
        raise UsageError(f"unknown probe {', '.join(unknown)}", hint=f"there are: {', '.join(sorted(known))}")


def _run_all(program: ChipProgram, runs: Sequence[Run], options: RunOptions) -> tuple[Records, dict[str, str]]:
    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    total, before = sum(run.job.steps for run in runs), 0
    found: dict[str, dict[str, list[Raster]]] = {}
    facts: dict[str, str] = {}
    for run in runs:
        if deadline is not None and time.monotonic() >= deadline:
            raise BackendFailedError(
                f"Lava did not finish within the time limit (it had done {before} of {total} steps)",
                hint=LONGER,
            )
        layers, facts = run_job(run.job, deadline=deadline, on_step=_progress(options.progress, before, total))
        before += run.job.steps
        for name, layer, variables in zip(run.populations, run.job.layers, layers, strict=True):
            for variable, rows in variables.items():
                raster = align(rows, program.populations[name], layer.window, run.samples)
                found.setdefault(name, {}).setdefault(variable, []).append(raster)
    if options.progress is not None:
        options.progress(total, total)
    records = {n: {v: np.concatenate(parts, axis=1) for v, parts in found[n].items()} for n in program.populations}
    return records, {**facts, "runs": str(len(runs)), "steps": str(total)}


def _progress(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    def on_step(step: int) -> None:
        if progress is not None:
            progress(before + step, total)

    return on_step


def _states(records: Records, probes: Sequence[str]) -> dict[str, dict[str, Raster]]:
    found = {name: {v: rows[v] for v in probes if v in rows} for name, rows in records.items()}
    return {name: states for name, states in found.items() if states}


def _outputs(program: ChipProgram, records: Records) -> dict[str, Raster]:
    outputs: dict[str, Raster] = {}
    for port in program.outputs:
        population = program.populations[port.population]
        if port.kind is OutputKind.SPIKES:
            outputs[port.population] = records[port.population][SPIKES]
        else:
            outputs[port.population] = records[port.population]["v"] / population.scale + population.offset
    return outputs
