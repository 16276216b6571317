"""Runs chip programs that stand alone, such as NetX files: no float model, no dense half, no bundle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from neurotool import data
from neurotool.data import Dataset
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.ir.trace import Trace
from neurotool.pipeline.adapters import check_timeout, example_of, program_format, program_target
from neurotool.pipeline.display import Rows, Shown
from neurotool.pipeline.numbers import optional_whole
from neurotool.pipeline.results import StageProgress, progress_of
from neurotool.pipeline.runs.record import read_states, spikes_per_sample
from neurotool.runtime.boundary import losses, to_port
from neurotool.units import format_si

PROGRAM_PART = "program"
"""Name of the one spiking part in a file of run states."""


@dataclass(frozen=True, eq=False, repr=False)
class ProgramRun(Shown):
    """A run of a program that stands alone.

    Attributes:
        program: The program.
        trace: Its recording.
        samples: Number of samples.
        seconds: Wall-clock time.
        notes: What a user should know.
    """

    program: ChipProgram
    trace: Trace
    samples: int
    seconds: float
    notes: tuple[str, ...] = ()

    def tables(self) -> list[Rows]:
        """What ran, and how much each input and population sent."""
        ran = (self.trace.target, f"{self.samples:,}", f"{self.trace.steps:,}", format_si(self.seconds, "s"))
        sent = spikes_per_sample({PROGRAM_PART: self.trace})
        layers = [(name, f"{self.program.size_of(name):,}", f"{spikes:,.1f}") for name, spikes in sent.items()]
        return [
            (("target", ">samples", ">time steps", ">time"), [ran]),
            (("layer", ">neurons", ">spikes per sample"), layers),
        ]


def read_program(path: Path) -> ChipProgram:
    """Read a program from a file that holds nothing else.

    Raises:
        UsageError: No format has this suffix, or the file is damaged.
        UnsupportedError: The file holds something that has no meaning here; lists all of it.
    """
    form = program_format(path)
    if form is None:
        raise UsageError(f"{path}: is neither a bundle nor a file with a chip program", hint="such as network.net")
    return form.read(path)


def run_program(
    path: Path,
    samples: Path,
    *,
    target: str = "loihi",
    encode: str | None = None,
    steps: int | None = None,
    probes: Sequence[str] = (),
    limit: int | None = None,
    strict: bool = False,
    timeout: float | None = None,
    resume: Path | None = None,
    keep_state: bool = False,
    progress: StageProgress | None = None,
) -> ProgramRun:
    """Run a program on a data file.

    Args:
        path: File with the program.
        samples: Data file; ``x`` is ``[time, batch, *features]``, or ``[batch, *features]`` with ``steps``.
        target: What runs it.
        encode: Encoder for samples without a time axis; None repeats them in every step.
        steps: Time steps to run. Longer than ``x``, the input is silent at the end; shorter, ``x`` is cut.
        probes: State variables to record.
        limit: Run only the first samples.
        strict: Raise where a chip could not hold a state.
        timeout: Seconds after which a run is given up, by targets that can.
        resume: File of run states to go on from.
        keep_state: Keep where the run stopped, as ``state`` of the trace.
        progress: Told of progress.

    Raises:
        UsageError: The files do not fit each other, or the program has several inputs.
    """
    check_timeout(timeout, target)
    limit, steps = optional_whole("--limit", limit, 1), optional_whole("--steps", steps, 1)
    program = read_program(path)
    port = _only_input(path, program)
    dataset = _read(samples, port, encode, steps)
    dataset = dataset if limit is None else dataset.take(limit)
    value = example_of(dataset.x, dataset.scale)
    lost = losses(value, port)
    if lost and strict:
        raise NegativeAnswerError(lost, hint="scale the samples to the range of the input")
    states = read_states(resume, {PROGRAM_PART: program}, dataset.batch)
    options = RunOptions(
        tuple(probes), strict, progress_of(target, progress), timeout, states.get(PROGRAM_PART), keep_state
    )
    began = time.perf_counter()
    trace = program_target(target).run_program(program, {port.name: to_port(value, port)}, options)
    notes = (*program.notes, *dataset.notes, *((lost,) if lost else ()))
    return ProgramRun(program, trace, dataset.batch, time.perf_counter() - began, notes)


def _only_input(path: Path, program: ChipProgram) -> InputPort:
    if len(program.inputs) != 1:
        raise UsageError(f"{path}: has {len(program.inputs)} inputs ({', '.join(program.inputs)}); data files have one")
    return next(iter(program.inputs.values()))


def _read(path: Path, port: InputPort, encode: str | None, steps: int | None) -> Dataset:
    """Read samples for a port, repeat them in every step if they have no time axis, and run for ``steps``."""
    if encode is not None:
        found = data.load(path, encode=encode, steps=steps)
    else:
        static = data.sample_shape(path) == port.shape
        found = data.load(path, encode="constant" if static else None, steps=steps if static else None)
    if found.shape != port.shape:
        raise UsageError(
            f"{path}: samples have shape {list(found.shape)}, input {port.name!r} takes {list(port.shape)}",
            hint="x is [time, batch, *features], or [batch, *features] with --steps",
        )
    return found if steps is None else replace(found, x=_fit(found.x, steps))


def _fit(x: Array, steps: int) -> Array:
    silent = np.zeros((max(0, steps - len(x)), *x.shape[1:]), x.dtype)
    return np.concatenate([x[:steps], silent])
