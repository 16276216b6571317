"""Reads a fixture as neurotool does and compares what it computes with what the framework computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.ir.adapters import Array, RunOptions, SourceOptions
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Side
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.ir.trace import Trace
from neurotool.passes.discretise import discretise
from neurotool.passes.fold import fold
from neurotool.passes.partition import partition
from neurotool.passes.quantise import quantise
from neurotool.pipeline.adapters import program_target, read_source, torch_target
from neurotool.pipeline.conversion.ports import value_bits
from neurotool.runtime.boundary import to_port
from neurotool.verify.compare import compare_spikes

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "interop" / "fixtures"
FRAMEWORKS = ("norse", "snntorch", "spikingjelly", "sinabs")

ROUNDING = 1e-5
"""Distance to a threshold of about 1 that the float32 rounding of some ten operations per step can cover."""


@dataclass(frozen=True, eq=False)
class Fixture:
    """What a framework wrote: a file, and its own run of the network."""

    framework: str
    name: str
    facts: Mapping[str, Any]
    input: Array
    spikes: Mapping[str, npt.NDArray[Any]]
    potentials: Mapping[str, npt.NDArray[Any]]

    @property
    def path(self) -> Path:
        """The NIR file."""
        return FIXTURES / self.framework / f"{self.name}.nir"


@dataclass(frozen=True)
class FloatResult:
    """The float reference beside the framework.

    Attributes:
        differing: Slots (one neuron in one step of one sample) whose spikes differ.
        slots: Slots in all layers.
        samples: Samples that differ anywhere.
        distance: Largest distance of a potential to its threshold where a sample first differs.
        membrane: Largest difference of a potential in samples without a differing spike, where no spike was sent.
    """

    differing: int
    slots: int
    samples: int
    distance: float
    membrane: float

    @property
    def explained(self) -> bool:
        """Whether rounding at the threshold is all that differs."""
        return self.distance < ROUNDING


@dataclass(frozen=True, eq=False)
class IntegerResult:
    """The integer program beside the framework.

    Attributes:
        program: The program.
        inputs: What it was given.
        trace: Its run on the integer engine.
        cosines: Cosine of the spikes of each population to the framework's, in the order of the layers.
        rounded: Likewise, of the float reference with weights rounded to 8 bits: what rounding alone costs.
    """

    program: ChipProgram
    inputs: Mapping[str, Array]
    trace: Trace
    cosines: Mapping[str, float]
    rounded: Mapping[str, float]


def names(framework: str) -> list[str]:
    """Return the fixtures of a framework."""
    return sorted(path.stem for path in (FIXTURES / framework).glob("*.npz"))


def refused(framework: str) -> list[dict[str, str]]:
    """Return the networks that the framework's exporter does not write."""
    found: list[dict[str, str]] = json.loads((FIXTURES / framework / "refused.json").read_text())["refused"]
    return found


@cache
def fixture(framework: str, name: str) -> Fixture:
    """Read a fixture."""
    with np.load(FIXTURES / framework / f"{name}.npz") as held:
        parts = {
            kind: {key.removeprefix(f"{kind}."): held[key] for key in held if key.startswith(f"{kind}.")}
            for kind in ("spikes", "potential")
        }
        return Fixture(
            framework, name, json.loads(str(held["facts"])), held["input"], parts["spikes"], parts["potential"]
        )


def graph_of(case: Fixture, repair: bool = False) -> Graph:
    """Read the file under the convention and time step of the fixture.

    Args:
        case: The fixture.
        repair: Put back the neuron parameters that the exporter dropped.
    """
    options = SourceOptions(dt=case.facts["dt"], convention=case.facts["convention"], example=case.input)
    graph = read_source(str(case.path), options).graph
    return discretise(_repaired(graph, case.facts["repair"]) if repair else graph)


def _repaired(graph: Graph, fields: Mapping[str, float]) -> Graph:
    nodes = dict(graph.nodes)
    for name in graph.neurons:
        op: Any = nodes[name].op
        given = {f: op.tau_syn / v if f == "w_in" else np.full(nodes[name].shape, v) for f, v in fields.items()}
        nodes[name] = replace(nodes[name], op=replace(op, **given))
    return replace(graph, nodes=nodes)


def compare_floats(case: Fixture, graph: Graph) -> FloatResult:
    """Run the float reference on the input of the fixture and compare spikes and potentials."""
    trace = torch_target().run_graph(graph, {graph.inputs[0]: case.input}, RunOptions(probes=("v",)))
    layers = [name for name in graph.neurons if name in case.potentials]
    assert set(layers) == set(case.potentials) == set(graph.neurons), (layers, list(case.potentials))
    firing = [name for name in layers if name in case.spikes]
    wrong = {name: trace.spikes[name] != case.spikes[name] for name in firing}
    by_sample = np.any([[wrong[n][:, b].any() for b in range(case.input.shape[1])] for n in firing], axis=0)
    distances = [_distance(case, graph, trace, wrong, int(b)) for b in np.flatnonzero(by_sample)]
    return FloatResult(
        differing=sum(int(w.sum()) for w in wrong.values()),
        slots=sum(w.size for w in wrong.values()),
        samples=int(by_sample.sum()),
        distance=max(distances, default=0.0),
        membrane=max(_membrane(case, trace, name, ~by_sample) for name in layers) if not by_sample.all() else np.nan,
    )


def _distance(case: Fixture, graph: Graph, trace: Trace, wrong: Mapping[str, Array], sample: int) -> float:
    """Distance to the threshold in the first layer that differs, in the first step that does.

    One of the two sides did not fire there: its potential is the one that was compared with the threshold.
    """
    step = min(int(w[:, sample].reshape(len(w), -1).any(axis=1).argmax()) for w in wrong.values() if w[:, sample].any())
    name = next(name for name, w in wrong.items() if w[step, sample].any())
    here = wrong[name][step, sample]
    ours = trace.states[name]["v"][step, sample]
    quiet = np.where(trace.spikes[name][step, sample], case.potentials[name][step, sample], ours)
    update = graph.nodes[name].update
    assert update is not None
    assert update.threshold is not None
    return float(np.abs(quiet - update.threshold)[here].max())


def _membrane(case: Fixture, trace: Trace, name: str, samples: npt.NDArray[np.bool_]) -> float:
    difference = np.abs(trace.states[name]["v"] - case.potentials[name])
    if name in case.spikes:
        difference = np.where(case.spikes[name], 0.0, difference)
    return float(difference[:, samples].max())


def compare_integers(case: Fixture, graph: Graph) -> IntegerResult:
    """Quantise with ranges from the input of the fixture, run the integer engine and compare spikes."""
    cut = partition(fold(graph), {})
    (part,) = (part for part in cut.parts if part.side is Side.SPIKING)
    assert len(cut.parts) == 1, [part.nodes for part in cut.parts]
    name = graph.inputs[0]
    ranges = torch_target().calibrate(cut.graph, {name: case.input})
    ports = {name: _port(case, name, value_bits(cut.graph, name, part.nodes))}
    program = quantise(subgraph(cut.graph, part.nodes, part.outputs), ports, ranges).program
    inputs = {name: to_port(case.input, ports[name])}
    trace = program_target("loihi").run_program(program, inputs, RunOptions(probes=("v",)))
    coarse = torch_target().run_graph(_rounded(graph), {name: case.input}, RunOptions())
    return IntegerResult(program, inputs, trace, *(_cosines(case, graph, made) for made in (trace, coarse)))


def _cosines(case: Fixture, graph: Graph, trace: Trace) -> dict[str, float]:
    firing = [name for name in graph.neurons if name in case.spikes]
    return {name: compare_spikes(case.spikes[name] > 0, trace.spikes[name]).cosine for name in firing}


def _rounded(graph: Graph, levels: int = 127) -> Graph:
    """Round the weights of each layer to 8 bits with their sign."""
    nodes = dict(graph.nodes)
    for name, node in nodes.items():
        if hasattr(node.op, "weight"):
            unit = np.abs(node.op.weight).max() / levels
            nodes[name] = replace(node, op=replace(node.op, weight=np.rint(node.op.weight / unit) * unit))
    return replace(graph, nodes=nodes)


def _port(case: Fixture, name: str, bits: int) -> InputPort:
    shape = case.input.shape[2:]
    if not case.facts["current"]:
        return InputPort(name, shape)
    return InputPort(name, shape, bits, float(np.abs(case.input).max()) / ((1 << (bits - 1)) - 1))
