"""The float graph: NIR nodes plus opaque torch operations, with explicit shapes, time and origin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import networkx as nx
import nir

from neurotool.ir.convention import Convention
from neurotool.ir.update import NeuronUpdate
from neurotool.ir.values import TimeScope, ValueKind

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operand:
    """A place in the arguments of a :class:`TorchOp` that takes the value of the node's incoming edge ``index``."""

    index: int


@dataclass(frozen=True, eq=False)
class TorchOp:
    """A torch computation that NIR has no node for.

    Attributes:
        target: Readable name: ``torch.nn.ReLU``, ``Tensor.mean``, ``torch.cat``.
        call: The module or function itself.
        args: Positional arguments; :class:`Operand` marks tensors, also inside lists and tuples.
        kwargs: Keyword arguments, likewise.
        joined: Names of the other calls that are computed inside, such as ``Tensor.max`` of ``x.max(0)[0]``, whose own
            ``target`` is the last one, ``operator.getitem``.
        sees_time: Whether the operation is given the whole raster ``[time, batch, ...]``. Where it is False and the
            input has a time axis, the operation is called once for every step with ``[batch, ...]``.
    """

    target: str
    call: Callable[..., Any]
    args: tuple[Any, ...] = (Operand(0),)
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    sees_time: bool = True
    joined: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Node:
    """One node of a :class:`Graph`; it has exactly one output value.

    Attributes:
        name: Unique name; for a module, its path (``spiking.0``).
        op: A NIR node or a torch operation. ``nir.Input`` and ``nir.Output`` mark the ends of the graph.
        shape: Shape of the output, without time and batch axes.
        kind: Meaning of the output.
        timed: Whether the output has a time axis.
        scope: When the node runs relative to time.
        origin: Where the node comes from: module path and class, or node of a file.
        update: Discrete update, on neuron nodes of a discretised graph.
    """

    name: str
    op: nir.NIRNode | TorchOp
    shape: Shape
    kind: ValueKind
    timed: bool
    scope: TimeScope
    origin: str
    update: NeuronUpdate | None = None

    @property
    def type_name(self) -> str:
        """Class of the operation as a user knows it: ``CubaLIF``, ``torch.nn.ReLU``."""
        return self.op.target if isinstance(self.op, TorchOp) else type(self.op).__name__


@dataclass(frozen=True)
class Edge:
    """A value that flows from ``source`` to argument number ``argument`` of ``target``.

    ``shape``, ``kind`` and ``timed`` describe the value, as on the source node.

    Attributes:
        delay: Time steps the value waits: ``target`` takes in step t what ``source`` made in step ``t - delay``, and
            nothing before. Every loop holds at least one edge that waits.
    """

    source: str
    target: str
    argument: int
    shape: Shape
    kind: ValueKind
    timed: bool
    delay: int = 0


@dataclass(frozen=True, eq=False)
class Graph:
    """A model as nodes and edges. Feed spike data as ``[time, batch, *features]``.

    The edges that lead into a NIR node add up. A :class:`TorchOp` takes them as separate arguments.

    Attributes:
        nodes: Nodes by name, in an order in which every node follows its inputs along the edges of delay 0. Run in
            this order, a step needs nothing but its own values and those of earlier steps.
        edges: Connections, unique per (source, target, argument).
        dt: Length of one time step in seconds.
        convention: Discrete meaning of the neuron nodes.
        notes: What was assumed where the source did not say, one sentence each.
    """

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    dt: float
    convention: Convention
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the ``nir.Input`` nodes."""
        return tuple(n.name for n in self.nodes.values() if isinstance(n.op, nir.Input))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the ``nir.Output`` nodes."""
        return tuple(n.name for n in self.nodes.values() if isinstance(n.op, nir.Output))

    @property
    def neurons(self) -> tuple[str, ...]:
        """Names of the nodes that hold a neuron population."""
        return tuple(n.name for n in self.nodes.values() if isinstance(n.op, NEURON_TYPES))

    @cached_property
    def _incoming(self) -> Mapping[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            found[edge.target].append(edge)
        return {name: tuple(sorted(edges, key=lambda e: e.argument)) for name, edges in found.items()}

    @cached_property
    def _outgoing(self) -> Mapping[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            found[edge.source].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    def incoming(self, name: str) -> tuple[Edge, ...]:
        """Edges into a node, in argument order."""
        return self._incoming[name]

    def outgoing(self, name: str) -> tuple[Edge, ...]:
        """Edges out of a node."""
        return self._outgoing[name]

    def networkx(self) -> nx.DiGraph[str]:
        """Return the connectivity as a networkx graph of node names."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from((e.source, e.target) for e in self.edges)
        return graph


SPIKING_TYPES: tuple[type[nir.NIRNode], ...] = (nir.IF, nir.LIF, nir.CubaLIF, nir.Threshold)
NEURON_TYPES: tuple[type[nir.NIRNode], ...] = (*SPIKING_TYPES, nir.I, nir.LI, nir.CubaLI)
"""Populations: those that fire, and read-outs. Every loop of a graph goes through at least one of them."""


def edge_from(node: Node, target: str, argument: int = 0, delay: int = 0) -> Edge:
    """Make the edge that carries the output of ``node`` to ``target``."""
    return Edge(node.name, target, argument, node.shape, node.kind, node.timed, delay)


def subgraph(graph: Graph, names: Iterable[str], outputs: Iterable[str]) -> Graph:
    """Cut nodes out of a graph.

    Values that come from outside enter through ``nir.Input`` nodes named after the node that makes them; the values
    in ``outputs`` leave through ``nir.Output`` nodes named ``<node>.out``.

    Args:
        graph: The graph to cut from.
        names: Nodes to keep. Input and Output nodes of ``graph`` must not be among them.
        outputs: Names among ``names`` whose value is needed outside.
    """
    import numpy as np

    kept = set(names)
    edges = [e for e in graph.edges if e.target in kept]
    feeds = {e.source: graph.nodes[e.source] for e in edges if e.source not in kept}
    nodes: dict[str, Node] = {}
    for name, source in feeds.items():
        entry = nir.Input(input_type={"input": np.array(source.shape)})
        scope = TimeScope.PER_STEP if source.timed else TimeScope.ONCE
        nodes[name] = Node(name, entry, source.shape, source.kind, source.timed, scope, source.origin)
    for name, node in graph.nodes.items():
        if name in kept:
            nodes[name] = node
    for name in outputs:
        source = graph.nodes[name]
        exit_node = nir.Output(output_type={"output": np.array(source.shape)})
        end = f"{name}.out"
        nodes[end] = Node(end, exit_node, source.shape, source.kind, source.timed, source.scope, source.origin)
        edges.append(edge_from(source, end))
    return Graph(nodes, tuple(edges), graph.dt, graph.convention, graph.notes)
