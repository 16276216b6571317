"""A graph with every node assigned to the spiking or the dense side, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from neurotool.ir.coding import Coding
from neurotool.ir.graph import Graph, Shape
from neurotool.ir.values import ValueKind


class Side(StrEnum):
    """Where a node runs: on the neuromorphic chip, or in torch."""

    SPIKING = "spiking"
    DENSE = "dense"


@dataclass(frozen=True)
class Reason:
    """Why a node is on its side.

    Attributes:
        node: Name of the node.
        side: The side it was given.
        rule: Rule that kept it off the chip, or empty.
        text: One sentence.
    """

    node: str
    side: Side
    rule: str
    text: str


@dataclass(frozen=True)
class Boundary:
    """A value that crosses from one part (or the user) to another part.

    Attributes:
        value: Name of the node that makes the value.
        source: Part that makes it; empty for a model input.
        target: Part that takes it.
        shape: Shape without time and batch.
        kind: Meaning of the value.
        timed: Whether it has a time axis.
        coding: How it crosses.
        steps: Time steps that it spans; 0 where it has no time or none is known.
        latency: Time steps until the receiver has all of it: 0 where it uses each step's value in that step.
        quantum: Smallest difference of values that the coding tells apart; 0 where it tells all.
        error: Root mean square of what the coding changes, as a share of that of the value, on the calibration data;
            None where it was not measured.
        traffic: Bytes that cross per sample on the calibration data; None where it was not measured.
        weights: Weight of each step, for ``weighted``.
        seed: Seed of ``rate``.
    """

    value: str
    source: str
    target: str
    shape: Shape
    kind: ValueKind
    timed: bool
    coding: Coding
    steps: int = 0
    latency: int = 0
    quantum: float = 0.0
    error: float | None = None
    traffic: float | None = None
    weights: tuple[float, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Part:
    """A connected group of nodes on one side, run as one.

    Attributes:
        name: ``spiking-0``, ``dense-0``, ...
        side: Side of all its nodes.
        nodes: Node names in execution order.
        inputs: Names of outside nodes whose values it takes.
        outputs: Names of its nodes whose values are needed outside.
    """

    name: str
    side: Side
    nodes: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Partition:
    """The cut of a model.

    Attributes:
        graph: The graph that was cut.
        sides: Side of every node but inputs and outputs.
        reasons: Why, per node.
        parts: Groups of nodes in an order in which they can run.
        boundaries: Every value that crosses.
    """

    graph: Graph
    sides: Mapping[str, Side]
    reasons: tuple[Reason, ...]
    parts: tuple[Part, ...]
    boundaries: tuple[Boundary, ...]
