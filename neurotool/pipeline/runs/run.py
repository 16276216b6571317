"""Runs a bundle as one model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurotool.data import Samples
from neurotool.errors import UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.trace import Trace
from neurotool.pipeline.adapters import check_timeout
from neurotool.pipeline.numbers import optional_whole
from neurotool.pipeline.results import RunResult, StageProgress, progress_of
from neurotool.pipeline.runs.batches import Done, run_at_once, run_in_batches
from neurotool.pipeline.runs.continuation import check_going_on, own_sums
from neurotool.pipeline.runs.model import Model
from neurotool.pipeline.runs.record import about_labels, read_states, run_json
from neurotool.pipeline.samples import Encode, read_data
from neurotool.verify import count_correct


def run(
    path: Path,
    data: Path,
    *,
    target: str = "loihi",
    encode: Encode = None,
    steps: int | None = None,
    probes: Sequence[str] = (),
    limit: int | None = None,
    strict: bool = False,
    timeout: float | None = None,
    resume: Path | None = None,
    keep_state: bool = False,
    batch: int | None = None,
    compiled: bool = False,
    progress: StageProgress | None = None,
) -> RunResult:
    """Run a bundle on a data file and keep the run in the bundle.

    Args:
        path: The bundle.
        data: Data file; ``x`` and optionally ``y``.
        target: What runs the spiking parts: ``loihi``, ``lava``, or ``gpu`` for their float meaning.
        encode: Encoder, or None for the one of the calibration.
        steps: Time steps to encode into, or None likewise.
        probes: State variables to record.
        limit: Run only the first samples.
        strict: Raise where a chip could not hold a state.
        timeout: Seconds after which a run is given up, by targets that can.
        resume: File of run states to go on from, with the next time steps of the same samples.
        keep_state: Keep where the spiking parts stopped, as ``state`` of their traces.
        batch: Samples that run together, the dense parts of one batch beside the spiking parts of the next; None for
            all at once. Memory is then bounded by two batches and the outputs.
        compiled: Compile the dense parts.
        progress: Told of progress.

    Raises:
        UsageError: The data or a state does not fit the bundle, or a run of it cannot go on in another.
    """
    if batch is not None and (resume is not None or keep_state):
        raise UsageError("--batch has no states to save or go on from", hint="leave out --batch")
    check_timeout(timeout, target)
    limit, steps, batch = (
        optional_whole(option, given, 1)
        for option, given in (("--limit", limit), ("--steps", steps), ("--batch", batch))
    )
    model = Model(Bundle.open(path), compiled)
    samples = read_data(data, model.bundle.manifest.inputs, encode, steps)
    samples = samples if limit is None else samples.take(limit)
    if resume is not None or keep_state:
        check_going_on(model.bundle.manifest, samples)
    options = RunOptions(tuple(probes), strict, progress_of(target, progress), timeout, keep_state=keep_state)
    states = read_states(resume, model.programs, samples.batch)
    with model.bundle.new_run("run") as writer:
        began = time.perf_counter()
        if batch is None:
            done = run_at_once(model, samples, target, options, states, writer.path)
        else:
            done = run_in_batches(model, samples, target, options, batch, writer.path)
        seconds = time.perf_counter() - began
        result = _result(model, samples, target, done, done.traces(writer.path("run.json").parent), seconds)
        added = own_sums(model.bundle.manifest) if resume is not None else ()
        result = replace(result, run_dir=writer.run.path, notes=(*result.notes, *added))
        np.savez_compressed(writer.path("outputs.npz"), **dict[str, Any](done.outputs))
        writer.write_json("run.json", run_json(result, samples))
    return replace(result, traces=done.traces(writer.run.path))


def _result(
    model: Model, samples: Samples, target: str, done: Done, traces: Mapping[str, Trace], seconds: float
) -> RunResult:
    correct = None if samples.y is None else count_correct(done.outputs, model.timed_outputs, samples.y)
    return RunResult(
        target=target,
        outputs=done.outputs,
        traces=traces,
        samples=samples.batch,
        accuracy=None if correct is None else correct / samples.batch,
        seconds=seconds,
        run_dir=None,
        notes=(*samples.notes, *done.notes, *about_labels(samples, correct, done.outputs)),
        crossings=done.crossings,
    )
