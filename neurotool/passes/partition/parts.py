"""Groups tagged nodes into parts that can run one after another, and lists the values that cross between them."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx
import nir
from networkx.utils import UnionFind

from neurotool.ir.coding import Coding
from neurotool.ir.graph import SPIKING_TYPES, Graph, Node
from neurotool.ir.partition import Boundary, Part, Side
from neurotool.ir.values import ValueKind
from neurotool.passes.partition.capability import PATH_TYPES


class Grouping:
    """Groups the nodes of one graph into parts, for any sides.

    A node's level is the number of side changes on the longest way from an input to it; the nodes of a loop have one
    level, and synapses on the chip that of the neurons that they feed. Nodes of one side and level that are connected
    form a part, so that no part waits for another that waits for it.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        real = {n.name for n in graph.nodes.values() if not isinstance(n.op, nir.Input | nir.Output)}
        condensed = nx.condensation(graph.networkx())
        members = nx.get_node_attributes(condensed, "members")
        groups = [[n for n in members[i] if n in real] for i in nx.topological_sort(condensed)]
        self._groups = [group for group in groups if group]
        self._sources = {n: tuple(e.source for e in graph.incoming(n) if e.source in real) for n in real}
        self._targets = {n: tuple(e.target for e in graph.outgoing(n)) for n in real}
        self._path_nodes = [n for n in reversed(list(graph.nodes)) if isinstance(graph.nodes[n].op, PATH_TYPES)]
        self._place = {name: i for i, name in enumerate(graph.nodes)}

    def settled(self, sides: Mapping[str, Side]) -> tuple[dict[str, Side], dict[str, str]]:
        """Take synapses, reshapes and delays off the chip that no part could hold with all that they feed.

        Args:
            sides: Side of every node but inputs and outputs.

        Returns:
            The sides, and what each node feeds that was moved.
        """
        done, moved = dict(sides), dict[str, str]()
        while True:
            levels = self._levels(done)
            stranded = [
                name for name in self._path_nodes if done[name] is Side.SPIKING and self._stranded(name, done, levels)
            ]
            if not stranded:
                return done, moved
            moved |= {name: ", ".join(self._targets[name]) for name in stranded}
            done |= dict.fromkeys(stranded, Side.DENSE)

    def _stranded(self, name: str, sides: Mapping[str, Side], levels: Mapping[str, int]) -> bool:
        targets = self._targets[name]
        return any(sides.get(t) is not Side.SPIKING for t in targets) or len({levels[t] for t in targets}) > 1

    def _levels(self, sides: Mapping[str, Side]) -> dict[str, int]:
        levels: dict[str, int] = {}
        for group in self._groups:
            level = 0
            for name in group:
                side = sides[name]
                for source in self._sources[name]:
                    if source in levels:
                        level = max(level, levels[source] + (sides[source] is not side))
            for name in group:
                levels[name] = level
        for name in self._path_nodes:
            if sides[name] is Side.SPIKING:
                levels[name] = max((levels[t] for t in self._targets[name] if t in levels), default=0)
        return levels

    def parts(self, sides: Mapping[str, Side]) -> tuple[Part, ...]:
        """Group nodes into parts, in an order in which they can run.

        Args:
            sides: Side of every node but inputs and outputs, :meth:`settled`; a loop is on one side.
        """
        levels, joined = self._levels(sides), UnionFind(self._sources)
        for name, sources in self._sources.items():
            for source in sources:
                if sides[source] is sides[name] and levels[source] == levels[name]:
                    joined.union(source, name)
        groups = [sorted(group, key=self._place.__getitem__) for group in joined.to_sets()]
        groups.sort(key=lambda nodes: (levels[nodes[0]], self._place[nodes[0]]))
        numbers = dict.fromkeys(Side, 0)
        found = []
        for nodes in groups:
            side = sides[nodes[0]]
            found.append(_part(self.graph, f"{side}-{numbers[side]}", side, tuple(nodes)))
            numbers[side] += 1
        return tuple(found)


def loops(graph: Graph) -> list[tuple[str, ...]]:
    """Nodes of every loop, in the order of the graph."""
    connectivity = graph.networkx()
    found = [c for c in nx.strongly_connected_components(connectivity) if len(c) > 1 or _hears_itself(connectivity, c)]
    return [tuple(name for name in graph.nodes if name in members) for members in found]


def _hears_itself(connectivity: nx.DiGraph[str], members: set[str]) -> bool:
    return any(connectivity.has_edge(name, name) for name in members)


def _part(graph: Graph, name: str, side: Side, nodes: tuple[str, ...]) -> Part:
    inside = set(nodes)
    inputs = dict.fromkeys(e.source for n in nodes for e in graph.incoming(n) if e.source not in inside)
    outputs = tuple(n for n in nodes if any(e.target not in inside for e in graph.outgoing(n)))
    return Part(name, side, nodes, tuple(inputs), outputs)


def boundaries(graph: Graph, grouped: tuple[Part, ...]) -> tuple[Boundary, ...]:
    """List every value that enters a part or leaves the model, and how it crosses."""
    maker = {node: part for part in grouped for node in part.nodes}
    found = []
    for part in grouped:
        for value in part.inputs:
            node = graph.nodes[value]
            source = maker.get(value)
            found.append(_boundary(node, source, part.name, _coding(node, source, part.side)))
    for output in graph.outputs:
        value = graph.incoming(output)[0].source
        source = maker.get(value)
        found.append(_boundary(graph.nodes[value], source, output, _coding(graph.nodes[value], source, Side.DENSE)))
    return tuple(found)


def _boundary(node: Node, source: Part | None, target: str, coding: Coding) -> Boundary:
    return Boundary(node.name, source.name if source else "", target, node.shape, node.kind, node.timed, coding)


def _coding(node: Node, source: Part | None, side: Side) -> Coding:
    if side is Side.SPIKING:
        return Coding.SPIKES if node.kind is ValueKind.SPIKES else Coding.GRADED
    if source is not None and source.side is Side.SPIKING:
        return Coding.RASTER if isinstance(node.op, SPIKING_TYPES) else Coding.MEMBRANE
    return Coding.TENSOR
