"""The order in which the nodes of a graph are evaluated: one by one, those of a loop together."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from neurotool.errors import UnsupportedError
from neurotool.ir.graph import Edge, Graph, TorchOp


@dataclass(frozen=True)
class Group:
    """Nodes that are evaluated together.

    Attributes:
        names: One node, or the nodes of one loop in the order in which they run within a time step.
        loop: Whether any of them hears itself.
    """

    names: tuple[str, ...]
    loop: bool


def evaluation_order(graph: Graph) -> tuple[Group, ...]:
    """Put the nodes into groups, each of which follows all that it hears.

    Raises:
        UnsupportedError: A loop has no edge that waits, or holds an operation that needs the whole raster.
    """
    whole = graph.networkx()
    place = {name: index for index, name in enumerate(graph.nodes)}
    condensed = nx.condensation(whole)
    members = {key: sorted(names, key=place.__getitem__) for key, names in condensed.nodes(data="members")}
    order = nx.lexicographical_topological_sort(condensed, key=lambda key: place[members[key][0]])
    groups = []
    for key in order:
        names = tuple(members[key])
        loop = len(names) > 1 or whole.has_edge(names[0], names[0])
        if loop:
            _check_loop(graph, names, place)
        groups.append(Group(names, loop))
    for edge in graph.edges:
        _check_wait(edge)
    return tuple(groups)


def _check_loop(graph: Graph, names: tuple[str, ...], place: dict[str, int]) -> None:
    for name in names:
        node = graph.nodes[name]
        if isinstance(node.op, TorchOp) and node.op.sees_time:
            raise UnsupportedError(
                f"node {name!r} ({node.type_name}) lies in a loop and takes all time steps at once",
                hint="let the loop hold operations on one time step alone",
            )
        for edge in graph.incoming(name):
            if edge.source in names and edge.delay == 0 and place[edge.source] >= place[name]:
                raise UnsupportedError(
                    f"node {name!r} hears {edge.source!r}, which runs after it in the same time step",
                    hint="a loop needs a connection that waits for at least one time step",
                )


def _check_wait(edge: Edge) -> None:
    if edge.delay and not edge.timed:
        raise UnsupportedError(
            f"the edge from {edge.source!r} to {edge.target!r} waits for {edge.delay} time steps, "
            "but its value has no time axis",
            hint="remove the delay",
        )
