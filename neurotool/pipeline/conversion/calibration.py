"""What calibration data tells the quantiser: ranges of states, rates, and the values that cross into parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx
import numpy as np

from neurotool.data import Samples
from neurotool.ir.adapters import Array, Progress, RunOptions
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Partition
from neurotool.ir.program import ChipProgram
from neurotool.pipeline.adapters import torch_target
from neurotool.pipeline.samples import first_samples, float_inputs

CALIBRATION_SAMPLES = 512
"""At most so many samples are run through the float reference to find ranges."""

RATE_SAMPLES = 64
"""Samples from which the rate of an input that dense parts compute is taken."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Ranges of the float reference on calibration data.

    Attributes:
        inputs: The calibration samples that were run, in the float meaning of the model.
        ranges: Largest |u|, |v|, |x| and the rate of every population.
        samples: Number of samples.
        labels: Class number of each sample, or None.
    """

    inputs: Mapping[str, Array]
    ranges: Mapping[str, Mapping[str, float]]
    samples: int
    labels: Array | None = None


def calibrate(graph: Graph, samples: Samples, progress: Progress | None) -> Calibration:
    """Run the float reference of a whole model on calibration data."""
    some = samples.take(CALIBRATION_SAMPLES)
    inputs = float_inputs(some, graph.inputs)
    return Calibration(inputs, torch_target().calibrate(graph, inputs, progress), some.batch, some.y)


def boundary_values(graph: Graph, names: Iterable[str], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Run the float reference up to some nodes and return their values."""
    wanted = list(names)
    connectivity = graph.networkx()
    made = [n for n in wanted if n not in graph.inputs]
    if not made:
        return {name: inputs[name] for name in wanted}
    needed = {a for n in made for a in nx.ancestors(connectivity, n)} | set(made)
    inner = [n for n in graph.nodes if n in needed and n not in graph.inputs]
    cut = subgraph(graph, inner, made)
    trace = torch_target().run_graph(cut, {name: inputs[name] for name in cut.inputs}, RunOptions())
    return {n: trace.outputs[f"{n}.out"] if n in made else inputs[n] for n in wanted}


def rates_of(program: ChipProgram, partition: Partition, calibration: Calibration) -> dict[str, float]:
    """Spikes of a neuron in a step on the calibration data, by input port and population, where they are known."""
    known = {name: found["rate"] for name, found in calibration.ranges.items() if name in program.populations}
    graph = partition.graph
    some = first_samples(graph, calibration.inputs, RATE_SAMPLES)
    for name, port in program.inputs.items():
        values = calibration.inputs[name] if name in graph.inputs else boundary_values(graph, [name], some)[name]
        known[name] = float(np.mean(np.abs(np.asarray(values)) >= port.scale / 2))
    return known


def powers(ranges: Mapping[str, Mapping[str, float]], values: Mapping[str, Array]) -> dict[str, dict[str, float]]:
    """Ranges with the mean square ``power`` of what each population and input sends, and how often it sends anything.

    Args:
        ranges: Ranges of the populations.
        values: Float values of the inputs of a part.
    """
    arrays = {name: np.asarray(found, np.float64) for name, found in values.items()}
    sent = {n: {"power": float(np.mean(np.square(v))), "rate": float(np.mean(v != 0.0))} for n, v in arrays.items()}
    return sent | {name: {**found, "power": found["rate"]} for name, found in ranges.items()}
