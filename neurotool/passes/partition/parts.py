"""Groups tagged nodes into parts and lists the values that cross between them."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from neurotool.ir.graph import SPIKING_TYPES, Graph, Node
from neurotool.ir.partition import Boundary, Part, Side
from neurotool.ir.values import ValueKind


def parts(graph: Graph, sides: Mapping[str, Side]) -> tuple[Part, ...]:
    """Group nodes into parts that can run one after another.

    A node's level is the number of side changes on the longest way from an input to it; the nodes of a loop have one
    level. Nodes of one side and level that are connected form a part, so that no part waits for another that waits for
    it.

    Args:
        graph: The graph.
        sides: Side of every node but inputs and outputs; a loop is on one side.
    """
    order = list(graph.nodes)
    levels = _levels(graph, sides)
    joined: nx.Graph[str] = nx.Graph()
    joined.add_nodes_from(levels)
    joined.add_edges_from(
        (e.source, e.target)
        for e in graph.edges
        if e.source in levels
        and e.target in levels
        and sides[e.source] is sides[e.target]
        and levels[e.source] == levels[e.target]
    )
    place = {name: i for i, name in enumerate(order)}
    groups = sorted(nx.connected_components(joined), key=lambda g: min((levels[n], place[n]) for n in g))
    numbers = dict.fromkeys(Side, 0)
    found = []
    for group in groups:
        nodes = tuple(sorted(group, key=place.__getitem__))
        side = sides[nodes[0]]
        found.append(_part(graph, f"{side}-{numbers[side]}", side, nodes))
        numbers[side] += 1
    return tuple(found)


def loops(graph: Graph) -> list[tuple[str, ...]]:
    """Nodes of every loop, in the order of the graph."""
    connectivity = graph.networkx()
    found = [c for c in nx.strongly_connected_components(connectivity) if len(c) > 1 or _hears_itself(connectivity, c)]
    return [tuple(name for name in graph.nodes if name in members) for members in found]


def _hears_itself(connectivity: nx.DiGraph[str], members: set[str]) -> bool:
    return any(connectivity.has_edge(name, name) for name in members)


def _levels(graph: Graph, sides: Mapping[str, Side]) -> dict[str, int]:
    condensed = nx.condensation(graph.networkx())
    levels: dict[str, int] = {}
    for number in nx.topological_sort(condensed):
        members = [name for name in condensed.nodes[number]["members"] if name in sides]
        feeding = [
            (e.source, name)
            for name in members
            for e in graph.incoming(name)
            if e.source in levels and e.source in sides
        ]
        level = max((levels[s] + (sides[s] is not sides[name]) for s, name in feeding), default=0)
        levels |= dict.fromkeys(members, level)
    return levels


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


def _boundary(node: Node, source: Part | None, target: str, coding: str) -> Boundary:
    return Boundary(node.name, source.name if source else "", target, node.shape, node.kind, node.timed, coding)


def _coding(node: Node, source: Part | None, side: Side) -> str:
    if side is Side.SPIKING:
        return "spikes" if node.kind is ValueKind.SPIKES else "graded"
    if source is not None and source.side is Side.SPIKING:
        return "raster" if isinstance(node.op, SPIKING_TYPES) else "membrane"
    return "tensor"
