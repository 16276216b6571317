"""Boundaries between chip and torch: their codings chosen on an example, their quantum, error and traffic measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from neurotool.data import Samples
from neurotool.errors import UsageError
from neurotool.ir.adapters import Array, RunOptions, Source
from neurotool.ir.coding import Coding
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Boundary, Partition, Side
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.ir.values import ValueKind
from neurotool.passes.boundaries import CodedPartition, Evaluate, between_steps, choose_codings, enters_held
from neurotool.pipeline.adapters import torch_target
from neurotool.pipeline.conversion.calibration import CALIBRATION_SAMPLES, Calibration, boundary_values
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.samples import EXAMPLE_SAMPLES, first_samples, float_inputs
from neurotool.runtime.coding import encode, error_of, traffic_of

MEASURED_SAMPLES = 64
"""Calibration samples that errors and traffic are measured on."""


def code(partition: Partition, source: Source, samples: Samples | None, options: ConvertOptions) -> CodedPartition:
    """Choose a coding for every boundary, and on calibration data the full scale of latency codes.

    Args:
        partition: The cut.
        source: The source, with the example that it was traced with.
        samples: Calibration data, or None.
        options: ``coding`` holds the wishes, ``seed`` that of random codings.

    Raises:
        UsageError: A wish names no boundary or no coding.
        UnsupportedError: A value cannot cross as wished; lists all of them.
    """
    graph = partition.graph
    inputs = example_values(graph, source, samples)
    steps = {} if inputs is None else _steps(partition, inputs)
    coded = choose_codings(partition, steps, _evaluator(graph), options.coding, options.seed)
    return coded if samples is None else replace(coded, partition=_scaled(coded.partition, samples))


def _scaled(partition: Partition, samples: Samples) -> Partition:
    """Give latency codes their quantum: the largest magnitude of all calibration inputs fires in the first step.

    It is needed before the programs, which are tried on values coded so.
    """
    graph = partition.graph
    names = dict.fromkeys(b.value for b in partition.boundaries if b.coding is Coding.LATENCY)
    if not names:
        return partition
    inputs = float_inputs(samples.take(CALIBRATION_SAMPLES), graph.inputs)
    peaks = {name: float(np.abs(value).max()) or 1.0 for name, value in boundary_values(graph, names, inputs).items()}
    scaled = (
        replace(b, quantum=peaks[b.value] / b.steps) if b.coding is Coding.LATENCY else b for b in partition.boundaries
    )
    return replace(partition, boundaries=tuple(scaled))


def example_values(graph: Graph, source: Source, samples: Samples | None) -> dict[str, Array] | None:
    """Values of the inputs of a model: the first samples, else what it was traced with, if anything."""
    if samples is not None:
        return float_inputs(samples.take(EXAMPLE_SAMPLES), graph.inputs)
    return None if source.example is None else example_of_source(graph, source)


def example_of_source(graph: Graph, source: Source) -> dict[str, Array]:
    """Values of the inputs that a torch model was traced with.

    Raises:
        UsageError: It was not traced but read from a file, which has no samples.
    """
    if source.example is None:
        raise UsageError(
            f"{source.spec}: a part in torch is written with samples at hand, and the file has none",
            hint="add --calib DATA.npz, or leave out what keeps nodes in torch: --dense, --objective",
        )
    if isinstance(source.example, Mapping):
        return {name: np.asarray(value) for name, value in source.example.items()}
    return {graph.inputs[0]: np.asarray(source.example)}


def _steps(partition: Partition, inputs: Mapping[str, Array]) -> dict[str, int]:
    """Time steps that each value drives: its own, or those of the model's timed inputs."""
    graph = partition.graph
    names = dict.fromkeys(b.value for b in partition.boundaries)
    values = boundary_values(graph, names, inputs)
    own = {name: len(value) for name, value in values.items() if graph.nodes[name].timed}
    longest = max(own.values(), default=0)
    return {name: own.get(name, longest) for name in names}


def held_values(graph: Graph, wishes: Mapping[str, str]) -> frozenset[str]:
    """Values that would come onto the chip as constant currents, wherever the cut is."""
    evaluate = _evaluator(graph)
    return frozenset(name for name in graph.nodes if enters_held(graph, name, evaluate, wishes))


def own_steps(graph: Graph, inputs: Mapping[str, Array]) -> int:
    """Time steps of the axis that a model makes itself, of values without time; 0 where it makes none."""
    makers = [
        node.name
        for node in graph.nodes.values()
        if node.timed and node.name not in graph.inputs
        and not any(graph.nodes[edge.source].timed for edge in graph.incoming(node.name))
    ]  # fmt: skip
    return max((len(value) for value in boundary_values(graph, makers, inputs).values()), default=0)


def over_time(part: Graph) -> tuple[str, ...]:
    """Nodes of a dense part that tie the time steps of a run together (:mod:`neurotool.passes.boundaries`)."""
    return between_steps(part, _evaluator(part))


def _evaluator(graph: Graph) -> Evaluate:
    def evaluate(names: Sequence[str], wanted: str, values: Mapping[str, Array]) -> Array:
        cut = subgraph(graph, names, [wanted])
        # Trial values are any numbers, also where the model has spikes.
        plain = {name: replace(cut.nodes[name], kind=ValueKind.FLOAT) for name in cut.inputs}
        trial = replace(cut, nodes={**cut.nodes, **plain})
        return torch_target().run_graph(trial, values, RunOptions()).outputs[f"{wanted}.out"]

    return evaluate


def measured(
    partition: Partition, programs: Mapping[str, ChipProgram], calibration: Calibration | None
) -> tuple[Boundary, ...]:
    """Return the boundaries with their quantum, and on calibration data with their error and traffic.

    Args:
        partition: The cut, with a coding for each boundary.
        programs: Program of each spiking part.
        calibration: What was run for calibration, or None.
    """
    sides = {part.name: part.side for part in partition.parts}
    graph = partition.graph
    some = None if calibration is None else first_samples(graph, calibration.inputs, MEASURED_SAMPLES)
    values: dict[str, Array] = {}
    if some is not None:
        values = boundary_values(graph, dict.fromkeys(b.value for b in partition.boundaries), some)
    made = []
    for boundary in partition.boundaries:
        if sides.get(boundary.target) is Side.SPIKING:
            port = programs[boundary.target].inputs[boundary.value]
            made.append(_entering(boundary, port, values.get(boundary.value)))
        elif sides.get(boundary.source) is Side.SPIKING:
            made.append(_leaving(boundary, programs[boundary.source], values.get(boundary.value)))
        else:
            made.append(boundary)
    return tuple(made)


def _entering(boundary: Boundary, port: InputPort, value: Array | None) -> Boundary:
    quantum = port.scale if port.message_bits else 0.0
    if boundary.coding is Coding.RATE:
        quantum = port.scale / max(boundary.steps, 1)
    elif boundary.coding is Coding.LATENCY:
        quantum = boundary.quantum  # known since the coding was chosen
    placed = replace(boundary, quantum=quantum)
    if value is None:
        return placed
    coded = encode(value, placed, port)
    return replace(placed, error=error_of(coded), traffic=traffic_of(coded.payload, placed))


def _leaving(boundary: Boundary, program: ChipProgram, value: Array | None) -> Boundary:
    """What leaves as integers is exact; a potential is told apart by its unit."""
    quantum = 0.0
    if boundary.kind is not ValueKind.SPIKES and (scale := program.populations[boundary.value].scale):
        quantum = max((abs(w) for w in boundary.weights), default=1.0) / scale
    traffic = None if value is None else traffic_of(value, boundary)
    return replace(boundary, quantum=quantum, traffic=traffic)
