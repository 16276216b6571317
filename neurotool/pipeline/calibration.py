"""What calibration data tells the quantiser: state ranges, and the values that cross into parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx
import numpy as np

from neurotool.data import Dataset
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import Array, Progress, RunOptions
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Part, Partition
from neurotool.ir.program import InputPort
from neurotool.pipeline.adapters import example_of, torch_target

CALIBRATION_SAMPLES = 512
"""At most so many samples are run through the float reference to find ranges."""

PAYLOAD_BITS = 8
"""Width of the payload that carries float values onto the chip."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Ranges of the float reference on calibration data.

    Attributes:
        inputs: The calibration samples that were run, in the float meaning of the model.
        ranges: Largest |u|, |v|, |x| and the rate of every population.
        samples: Number of samples.
    """

    inputs: Mapping[str, Array]
    ranges: Mapping[str, Mapping[str, float]]
    samples: int


def calibrate(graph: Graph, dataset: Dataset, progress: Progress | None) -> Calibration:
    """Run the float reference of a whole model on calibration data."""
    some = dataset.take(CALIBRATION_SAMPLES)
    inputs = {graph.inputs[0]: example_of(some.x, some.scale)}
    return Calibration(inputs, torch_target().calibrate(graph, inputs, progress), some.batch)


def boundary_values(graph: Graph, names: Iterable[str], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Run the float reference up to some nodes and return their values."""
    wanted = list(names)
    connectivity = graph.networkx()
    made = [n for n in wanted if n not in graph.inputs]
    if not made:
        return {name: inputs[name] for name in wanted}
    needed = {a for n in made for a in nx.ancestors(connectivity, n)} | set(made)
    inner = [n for n in graph.nodes if n in needed and n not in graph.inputs]
    trace = torch_target().run_graph(subgraph(graph, inner, made), inputs, RunOptions())
    return {n: trace.outputs[f"{n}.out"] if n in made else inputs[n] for n in wanted}


def ports_of(
    part: Part, partition: Partition, dataset: Dataset | None, calibration: Calibration | None
) -> dict[str, InputPort]:
    """Choose how each input of a spiking part enters the chip.

    Raises:
        UnsupportedError: A float value enters the chip and no data tells its range.
    """
    codings = {b.value: b.coding for b in partition.boundaries if b.target == part.name}
    graph = partition.graph
    ports, missing = {}, []
    for name in part.inputs:
        shape = graph.nodes[name].shape
        if dataset is not None and dataset.message_bits and name in graph.inputs:
            ports[name] = InputPort(name, shape, dataset.message_bits, dataset.scale)
        elif codings[name] == "spikes":
            ports[name] = InputPort(name, shape)
        elif calibration is None:
            message = "a float value enters the chip here, and nothing tells its range"
            missing.append(Diagnostic("NT-QUANT-006", Severity.ERROR, name, message, fix="give --calib data.npz"))
        else:
            values = boundary_values(graph, [name], calibration.inputs)[name]
            largest = float(np.abs(values).max()) or 1.0
            ports[name] = InputPort(name, shape, PAYLOAD_BITS, largest / ((1 << (PAYLOAD_BITS - 1)) - 1))
    if missing:
        raise UnsupportedError("calibration data is needed", hint="--calib data.npz", diagnostics=missing)
    return ports
