"""What one inference of a bundle costs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path

from neurotool.chips import load_chip, load_device
from neurotool.energy import DenseWork, SpikingWork, dense_counts_of_graph, estimate
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.costs import DenseCounts
from neurotool.ir.manifest import PartRecord
from neurotool.passes.place import place
from neurotool.pipeline.adapters import torch_target
from neurotool.pipeline.drawing import draw_energy
from neurotool.pipeline.results import EnergyResult, StageProgress, progress_of
from neurotool.pipeline.running import Model, model_inputs, read_data
from neurotool.runtime.boundary import to_tensor
from neurotool.runtime.schedule import Execution

ACTIVITY_TARGET = "loihi"
"""The engine that measures the activity: exact, and fast enough for whole data sets."""


def estimate_energy(
    path: Path,
    data: Path,
    *,
    encode: str | None = None,
    steps: int | None = None,
    chip: str | None = None,
    device: str = "cpu-generic",
    limit: int | None = None,
    seed: int = 0,
    plot: bool = True,
    progress: StageProgress | None = None,
) -> EnergyResult:
    """Estimate energy and latency per inference from the activity that a data file causes.

    Args:
        path: The bundle.
        data: Data file.
        encode: Encoder, or None for the one of the calibration.
        steps: Time steps to encode into, or None likewise.
        chip: Chip description, or None for the one the bundle was placed on.
        device: Device description of the dense side.
        limit: Use only the first samples.
        seed: Seed of the bands.
        plot: Draw the figures.
        progress: Told of the progress of the run.
    """
    model = Model(Bundle.open(path))
    chip_data, device_data = load_chip(chip or model.bundle.manifest.options.chip), load_device(device)
    dataset = read_data(data, model.bundle.manifest.input, encode, steps)
    dataset = dataset if limit is None else dataset.take(limit)
    options = RunOptions(progress=progress_of("activity", progress))
    execution = model.execute(model_inputs(model, dataset), ACTIVITY_TARGET, options)
    spiking = [
        SpikingWork(name, program, place(program, chip_data), execution.traces[name])
        for name, program in model.programs.items()
    ]
    counts = _dense_counts(model, execution)
    whole = _whole_model(model, counts, dataset.steps)
    dense = [DenseWork(name, work) for name, work in counts.items()]
    report = estimate(spiking, dense, chip_data, device_data, whole=whole, seed=seed)
    with model.bundle.new_run("energy") as writer:
        writer.write_json("energy.json", report.to_json())
        names = draw_energy(report, writer.path) if plot else ()
    return EnergyResult(report, writer.run.path, tuple(writer.run.path / name for name in names))


def _dense_counts(model: Model, execution: Execution) -> dict[str, DenseCounts]:
    """Count the work of every dense part for a single sample: the latency case."""
    inputs = {p.name: [_first_sample(model, n, execution.values[n]) for n in p.inputs] for p in _dense_parts(model)}
    return {name: torch_target().count_dense(path, inputs[name]) for name, path in model.dense.items()}


def _dense_parts(model: Model) -> list[PartRecord]:
    return [p for p in model.bundle.manifest.parts if p.name in model.dense]


def _first_sample(model: Model, name: str, value: Array) -> Array:
    timed = next(b.timed for b in model.bundle.manifest.boundaries if b.value == name)
    return to_tensor(value[:, :1] if timed else value[:1])


def _whole_model(model: Model, dense: Mapping[str, DenseCounts], steps: int) -> DenseCounts:
    """Work of the model without a chip: the float graphs of the spiking parts step by step, and the dense parts."""
    spiking = [dense_counts_of_graph(graph, steps) for graph in model.graphs.values()]
    return reduce(_plus, [*spiking, *dense.values()], DenseCounts(0.0, 0.0, 0, 1))


def _plus(a: DenseCounts, b: DenseCounts) -> DenseCounts:
    return DenseCounts(a.flops + b.flops, a.bytes_moved + b.bytes_moved, a.kernels + b.kernels, a.batch, a.precision)
