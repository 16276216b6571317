"""Groups tagged nodes into parts and lists the values that cross between them."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx

from neurotool.ir.graph import SPIKING_TYPES, Graph, Node
from neurotool.ir.partition import Boundary, Part, Side
from neurotool.ir.values import ValueKind


def parts(graph: Graph, sides: Mapping[str, Side]) -> tuple[Part, ...]:
    """Group nodes into parts that can run one after another.

    A node's level is the number of side changes on the longest way from an input to it. Nodes of one side and level
    that are connected form a part, so that no part waits for another that waits for it.
    """
    connectivity = graph.networkx()
    order = list(nx.topological_sort(connectivity))
    levels: dict[str, int] = {}
    for name in (n for n in order if n in sides):
        feeding = [e.source for e in graph.incoming(name) if e.source in sides]
        levels[name] = max((levels[s] + (sides[s] is not sides[name]) for s in feeding), default=0)
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
