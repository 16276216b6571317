"""The edges between real nodes, with what lies on the way taken out: ports of inner graphs, and delays of edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from neurotool.converters.nir.contents import Contents


@dataclass(frozen=True)
class Wire:
    """An edge of the graph to be.

    Attributes:
        source: Node whose output it carries.
        target: Node that takes it.
        delay: Time steps that the value waits.
        ports: Ports of inner graphs on the way.
    """

    source: str
    target: str
    delay: int = 0
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Wiring:
    """Nodes and the wires between them.

    Attributes:
        names: All nodes, in the order that ties are broken by.
        wires: All wires; those into a node in the order of its arguments.
    """

    names: tuple[str, ...]
    wires: tuple[Wire, ...]

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Wire, ...]]:
        """Wires into each node."""
        found: dict[str, list[Wire]] = {name: [] for name in self.names}
        for wire in self.wires:
            found[wire.target].append(wire)
        return {name: tuple(wires) for name, wires in found.items()}

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[Wire, ...]]:
        """Wires out of each node."""
        found: dict[str, list[Wire]] = {name: [] for name in self.names}
        for wire in self.wires:
            found[wire.source].append(wire)
        return {name: tuple(wires) for name, wires in found.items()}

    def order(self, wires: Sequence[Wire]) -> list[str]:
        """Order the nodes so that each follows its inputs along the given wires, which must hold no loop."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.names)
        graph.add_edges_from((w.source, w.target) for w in wires)
        place = {name: index for index, name in enumerate(self.names)}
        return list(nx.lexicographical_topological_sort(graph, key=place.__getitem__))


def connect(contents: Contents, delays: Mapping[str, int], order: Sequence[str]) -> Wiring:
    """Find the wires between the nodes of a file.

    Args:
        contents: The file. Links to nodes that do not exist are left out.
        delays: Delay nodes that stand for the delay of an edge, and their steps. They become part of the wires.
        order: Order of the nodes if the file says it; others follow as the edges name them.
    """
    passed = dict.fromkeys(contents.ports, 0) | dict(delays)
    wires = tuple(
        wire
        for source, target in contents.links
        if source in contents.nodes and source not in passed
        for wire in _follow(contents, Wire(source, target), passed)
    )
    named = dict.fromkeys(name for name in order if name in contents.nodes)
    named |= dict.fromkeys(end for wire in wires for end in (wire.source, wire.target))
    named |= dict.fromkeys(contents.nodes)
    return Wiring(tuple(name for name in named if name not in passed), wires)


def _follow(contents: Contents, wire: Wire, passed: Mapping[str, int]) -> Iterator[Wire]:
    """Go on through everything that is passed, to all real nodes behind it."""
    ahead = [wire]
    while ahead:
        wire = ahead.pop()
        here = wire.target
        if here not in contents.nodes or here in wire.ports:
            continue  # an edge that ends nowhere, or a ring of ports; both are reported elsewhere
        if here not in passed:
            yield wire
            continue
        ports = (*wire.ports, here)
        delay = wire.delay + passed[here]
        ahead += [Wire(wire.source, target, delay, ports) for target in reversed(contents.targets[here])]
