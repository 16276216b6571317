"""One program with its input, and how people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from neurotool.ir.program import ChipProgram, Convolution, Projection, Sparse
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS


@dataclass(frozen=True, eq=False, repr=False)
class Case:
    """What one run is given.

    Attributes:
        program: A program.
        inputs: Its input, ``[time, batch, *shape]`` for every port.
    """

    program: ChipProgram
    inputs: Mapping[str, Raster]

    @property
    def steps(self) -> int:
        """Number of time steps."""
        return int(next(iter(self.inputs.values())).shape[0])

    @property
    def batch(self) -> int:
        """Number of samples."""
        return int(next(iter(self.inputs.values())).shape[1])

    @property
    def neuron_steps(self) -> int:
        """Number of steps of single neurons."""
        return self.steps * self.batch * sum(population.size for population in self.program.populations.values())

    @property
    def probes(self) -> tuple[str, ...]:
        """Every state variable of the neuron models in the program."""
        models = {population.model: None for population in self.program.populations.values()}
        return tuple(dict.fromkeys(state for model in models for state in MODELS[model].states))

    def __repr__(self) -> str:
        return "\n  ".join((f"Case of {self.steps} steps, batch {self.batch}:", *self._lines()))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print as everywhere else; hypothesis would print every array."""
        printer.text(repr(self))

    def _lines(self) -> Iterator[str]:
        for port in self.program.inputs.values():
            yield f"input {port.name} {port.shape}, message_bits {port.message_bits}"
        for population in self.program.populations.values():
            yield f"population {population.name} {population.shape}: {population.model}, start {population.start}"
        for projection in self.program.projections.values():
            yield describe(self.program, projection)


def describe(program: ChipProgram, projection: Projection) -> str:
    """Say in one line what a projection is."""
    low, high = projection.delay_range
    parts = [
        f"projection {projection.name}: {projection.source} -> {projection.target}.{projection.port}",
        type(projection.connectivity).__name__ + f" {projection.weights.shape}",
        f"weight_exp {projection.weight_exp}",
        f"weight_bits {projection.weight_bits}",
        projection.sign_mode.value,
        f"message_bits {projection.message_bits}",
        f"lag {program.lag(projection)}",
    ]
    if isinstance(projection.connectivity, Convolution):
        c = projection.connectivity
        parts.append(f"stride {c.stride}, padding {c.padding}, dilation {c.dilation}, groups {c.groups}")
    if projection.delays is not None:
        parts.append(f"delays {low}..{high}")
    return ", ".join(parts)


def features(program: ChipProgram) -> frozenset[str]:
    """Name what a program has that another might not have."""
    found = {name for projection in program.projections.values() for name in _features(program, projection)}
    for members in nx.strongly_connected_components(_graph(program)):
        if len(members) > 1:
            found.add("loop over several populations")
    into = [len(program.projections_into(name)) for name in program.populations]
    if into and max(into) > 1:
        found.add("several projections into a population")
    return frozenset(found)


def _features(program: ChipProgram, projection: Projection) -> Iterator[str]:
    connectivity = projection.connectivity
    yield {Sparse: "sparse", Convolution: "convolution"}.get(type(connectivity), "all to all")
    if isinstance(connectivity, Convolution) and connectivity.groups > 1:
        yield "grouped convolution"
    if projection.delay_range[1]:
        yield "delays"
    if projection.source == projection.target:
        yield "self-recurrence"
    elif program.lag(projection) > 0:
        yield "skip or feedback (lag > 0)"
    if projection.message_bits:
        yield "graded messages"


def _graph(program: ChipProgram) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((p.source, p.target) for p in program.projections.values())
    return graph
