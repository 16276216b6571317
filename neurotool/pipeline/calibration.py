"""What calibration data tells the quantiser: state ranges, and the values that cross into parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from neurotool.data import Dataset, Samples
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import Array, Progress, RunOptions
from neurotool.ir.coding import Coding
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Boundary, Part, Partition
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.pipeline.adapters import torch_target
from neurotool.pipeline.samples import first_samples, float_inputs

CALIBRATION_SAMPLES = 512
"""At most so many samples are run through the float reference to find ranges."""

RATE_SAMPLES = 64
"""Samples from which the rate of an input that dense parts compute is taken."""

PAYLOAD_BITS = 8
"""Width of the payload that carries float values onto the chip."""

CURRENT_BITS = 13
"""Width of a constant current: that of the mantissa of Lava's ``bias_mant``."""


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


def ports_of(
    part: Part, partition: Partition, samples: Samples | None, calibration: Calibration | None
) -> dict[str, InputPort]:
    """Choose how each input of a spiking part enters the chip.

    Raises:
        UnsupportedError: A float value enters the chip and no data tells its range.
    """
    boundaries = {b.value: b for b in partition.boundaries if b.target == part.name}
    graph = partition.graph
    ports, missing = {}, []
    for name in part.inputs:
        shape, entering = graph.nodes[name].shape, _entering(name, graph, samples)
        if entering is not None and entering.message_bits:
            ports[name] = InputPort(name, shape, entering.message_bits, entering.scale)
        elif boundaries[name].coding is Coding.SPIKES:
            ports[name] = InputPort(name, shape)
        elif calibration is None:
            message = "a float value enters the chip here, and nothing tells its range"
            missing.append(Diagnostic("NT-QUANT-006", Severity.ERROR, name, message, fix="give --calib data.npz"))
        else:
            ports[name] = _port(boundaries[name], boundary_values(graph, [name], calibration.inputs)[name])
    if missing:
        raise UnsupportedError("calibration data is needed", hint="--calib data.npz", diagnostics=missing)
    return ports


def _entering(name: str, graph: Graph, samples: Samples | None) -> Dataset | None:
    """Samples of an input of the model; None for any other value."""
    if samples is None or name not in graph.inputs:
        return None
    return samples.inputs.get(name) or next(iter(samples.inputs.values()))


def _port(boundary: Boundary, values: Array) -> InputPort:
    """A port for float values: full scale is the largest of them."""
    magnitude = np.abs(np.asarray(values, np.float64))
    peak = float(magnitude.max()) or 1.0
    if boundary.coding in (Coding.RATE, Coding.LATENCY):
        scale = peak if boundary.coding is Coding.RATE else spike_charge(magnitude, boundary.steps)
        return InputPort(
            boundary.value, boundary.shape, 2 if float(np.asarray(values, np.float64).min()) < 0 else 0, scale
        )
    bits = CURRENT_BITS if boundary.coding is Coding.CONSTANT else PAYLOAD_BITS
    return InputPort(boundary.value, boundary.shape, bits, peak / ((1 << (bits - 1)) - 1))


def spike_charge(magnitude: npt.NDArray[np.float64], steps: int) -> float:
    """What the only spike of a latency code is worth: all that a value gives over the steps, in the mean."""
    given = magnitude[magnitude > 0.0]
    return float(given.mean()) * steps if given.size else 1.0
