"""The work of a bundle's dense parts, and of the whole model without a chip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path

import numpy as np

from neurotool.data import Samples
from neurotool.energy import DenseWork, dense_counts_of_graph
from neurotool.energy.accuracy import Accuracy, Kind
from neurotool.energy.compare import ScalingWork
from neurotool.energy.comparison import Task
from neurotool.energy.whole import ann_counts_of_graph
from neurotool.ir.adapters import Array
from neurotool.ir.atomic_file import replacing
from neurotool.ir.costs import DenseCounts, total_counts
from neurotool.pipeline.adapters import torch_target
from neurotool.pipeline.energy.alternatives import recorded_accuracy
from neurotool.pipeline.runs.model import Model
from neurotool.runtime.boundary import to_tensor
from neurotool.runtime.schedule import Execution
from neurotool.verify import count_correct


def dense_work(model: Model, execution: Execution, batch: int = 1) -> list[DenseWork]:
    """Count the work of every dense part, for a single sample where nothing else is said: the latency case."""
    parts = {part.name: part.inputs for part in model.bundle.manifest.parts if part.name in model.dense}
    inputs = {part: [_repeated(model, name, part, execution, batch) for name in names] for part, names in parts.items()}
    return [DenseWork(part, torch_target().count_dense(path, inputs[part])) for part, path in model.dense.items()]


def spiking_work(model: Model, dense: Sequence[DenseWork], steps: int, batch: int = 1) -> DenseCounts:
    """Work of the model without a chip: the float graphs of the spiking parts step by step, and the dense parts."""
    graphs = [dense_counts_of_graph(graph, steps, batch) for graph in model.graphs.values()]
    return total_counts([*graphs, *(work.counts for work in dense)], batch)


def task_of(model: Model, execution: Execution, dataset: Samples, given: Mapping[Kind, Accuracy] | None = None) -> Task:
    """Describe what alternatives to the split model would have to do.

    Args:
        model: The split model.
        execution: Its run.
        dataset: What it ran on.
        given: Accuracies that the user knows; they go before those that runs recorded.
    """
    one, two = dense_work(model, execution, 1), dense_work(model, execution, 2)
    steps = time_steps(execution, dataset)
    spiking = ScalingWork.of(spiking_work(model, one, steps, 1), spiking_work(model, two, steps, 2))
    graphs = [ScalingWork.of(ann_counts_of_graph(g, 1), ann_counts_of_graph(g, 2)) for g in model.graphs.values()]
    timed = {
        part.name for part in model.bundle.manifest.parts if any(_timed(model, name, part.name) for name in part.inputs)
    }
    dense = [
        ScalingWork.of(a.counts, b.counts).once_in(steps if a.part in timed else 1)
        for a, b in zip(one, two, strict=True)
    ]
    correct = None
    if dataset.y is not None:
        correct = count_correct(model.outputs(execution), model.timed_outputs, dataset.y)
    ann = reduce(ScalingWork.__add__, [*graphs, *dense], ScalingWork(0.0, 0.0, 0.0, 0))
    known = {}
    if (float_run := recorded_accuracy(model.bundle, dataset.sha256, dataset.batch)) is not None:
        known[Kind.SPIKING] = float_run
    if correct is not None:
        source = f"this run on the integer engine, {dataset.batch} samples"
        known[Kind.SPLIT] = Accuracy(accuracy=correct / dataset.batch, source=source)
    return Task(spiking, ann, steps, known | dict(given or {}))


def time_steps(execution: Execution, dataset: Samples) -> int:
    """Time steps that were run: those of the data, or those that the model itself makes of data without a time axis."""
    ran = [len(raster) for trace in execution.traces.values() for raster in trace.spikes.values()]
    return max(ran, default=dataset.steps)


def write_text(path: Path, text: str, option: str) -> None:
    """Write a file the user asked for.

    Raises:
        UsageError: It cannot be written.
    """
    with replacing(path, option) as staged:
        staged.write_text(text, encoding="utf-8")


def _timed(model: Model, name: str, part: str) -> bool:
    """Whether a part takes a value in every time step: sums over time are taken once."""
    boundary = model.boundaries[name, part]
    return boundary.timed and not boundary.coding.reduces


def _repeated(model: Model, name: str, part: str, execution: Execution, batch: int) -> Array:
    """The first sample of a value as a part takes it, as a batch."""
    boundary = model.boundaries[name, part]
    axis = 1 if boundary.timed and not boundary.coding.reduces else 0
    return to_tensor(np.repeat(execution.delivered[name, part].take([0], axis=axis), batch, axis=axis))
