"""Runs a bundle on samples: all of them at once, or batch by batch with both sides at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from neurotool.data import Samples
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.state import RunState
from neurotool.ir.trace import Trace
from neurotool.ir.trace_append import TraceAppender, stored_trace
from neurotool.ir.trace_file import save_trace
from neurotool.pipeline.runs.model import Model, model_inputs
from neurotool.runtime.batches import Sides, pipelined
from neurotool.runtime.schedule import Crossing, Execution


@dataclass(frozen=True, eq=False)
class Done:
    """What a run made of all samples.

    Attributes:
        outputs: Value of each output node.
        traces: Recording of each spiking part, given the folder in which its file ends up.
        notes: What was lost at the boundaries.
        crossings: What was seen at the boundaries between chip and torch.
    """

    outputs: Mapping[str, Array]
    traces: Callable[[Path], Mapping[str, Trace]]
    notes: tuple[str, ...]
    crossings: tuple[Crossing, ...]


def run_at_once(
    model: Model,
    samples: Samples,
    target: str,
    options: RunOptions,
    states: Mapping[str, RunState],
    place: Callable[[str], Path],
) -> Done:
    """Run all samples together.

    Args:
        model: The bundle.
        samples: The samples.
        target: What runs the spiking parts.
        options: How it does.
        states: Where earlier runs of the spiking parts stopped.
        place: Where a file of a name goes.
    """
    done = model.execute(model_inputs(model, samples), target, options, states)
    for name, trace in done.traces.items():
        save_trace(trace, place(trace_name(name)))
    return Done(model.outputs(done), lambda _: done.traces, done.notes, done.crossings)


def run_in_batches(
    model: Model, samples: Samples, target: str, options: RunOptions, size: int, place: Callable[[str], Path]
) -> Done:
    """Run the samples batch by batch; traces go to disk, outputs stay in memory.

    Args:
        model: The bundle.
        samples: The samples.
        target: What runs the spiking parts.
        options: How it does; ``progress`` is told of samples.
        size: Samples of a batch.
        place: Where a file of a name goes.
    """
    starts = range(0, samples.batch, size)
    quiet = replace(options, progress=None)

    def run_batch(number: int, sides: Sides) -> Execution:
        first = starts[number]
        some = samples.samples(slice(first, first + size))
        return model.execute(model_inputs(model, some), target, quiet, first=first, sides=sides, batch=number)

    outputs: dict[str, list[Array]] = {name: [] for name in model.bundle.manifest.outputs}
    files: dict[str, TraceAppender] = {}
    notes: dict[str, None] = {}
    crossings: list[tuple[Crossing, ...]] = []
    for number, done in enumerate(pipelined(run_batch, len(starts))):
        for name, value in model.outputs(done).items():
            outputs[name].append(value)
        for name, trace in done.traces.items():
            files.setdefault(name, TraceAppender(place(trace_name(name)))).add(trace)
        notes |= dict.fromkeys(done.notes)
        crossings.append(done.crossings)
        if options.progress is not None:
            options.progress(min(starts[number] + size, samples.batch), samples.batch)
    timed = model.timed_outputs
    whole = {name: np.concatenate(found, axis=int(name in timed)) for name, found in outputs.items()}
    return Done(whole, lambda folder: _stored(files, folder), tuple(notes), mean_crossings(crossings))


def trace_name(part: str) -> str:
    """Name of the file that holds the recording of a part."""
    return f"{part}.trace.h5"


def _stored(files: Mapping[str, TraceAppender], folder: Path) -> dict[str, Trace]:
    return {
        name: stored_trace(folder / trace_name(name), file.summary)
        for name, file in files.items()
        if file.summary is not None
    }


def mean_crossings(batches: Sequence[tuple[Crossing, ...]]) -> tuple[Crossing, ...]:
    """Mean over the samples of what batches saw at the same boundaries; of errors, of their squares."""
    found = []
    for same in zip(*batches, strict=True):
        weights = np.array([one.samples for one in same], np.float64)
        error = float(np.sqrt(np.average(np.square([one.error for one in same]), weights=weights)))
        traffic = float(np.average([one.traffic for one in same], weights=weights))
        found.append(Crossing(same[0].boundary, error, traffic, int(weights.sum())))
    return tuple(found)
