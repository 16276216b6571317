"""Where the values of a loop wait for the next step.

A file says that nodes form a loop, not which of its values is the one of the step before. Simulators that run a graph
node by node (nirtorch's executor is one) take the nodes from the inputs on, and use the last step's value where they
meet a node that did not run yet. So it is here: the wire that closes a loop waits for one step. Where that wire leaves
a linear node that nothing else hears, the step is moved to the wires into it, so that it is the spikes that wait and
the bias of recurrent weights acts from the first step on.

A Delay node of at least one step closes its loop by itself: it hands one of its steps to the wires that lead into it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from neurotool.converters.nir.wiring import Wiring


@dataclass(frozen=True)
class Roles:
    """What the nodes of a wiring are to its loops.

    Attributes:
        inputs: Nodes that values come from.
        outputs: Nodes that values leave by.
        linear: Nodes that a step may be moved across.
        waiting: Delay nodes that keep every value for at least one step.
    """

    inputs: Collection[str]
    outputs: Collection[str]
    linear: Collection[str]
    waiting: Collection[str]


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Loops that are opened.

    Attributes:
        wiring: The wires, with the steps that they wait; the names in an order in which every node follows its inputs
            along the wires that do not wait.
        handed: Delay nodes that handed one step to the wires into them.
        doubts: (node that was taken to come first, all that could) for each loop where that was not certain.
    """

    wiring: Wiring
    handed: frozenset[str]
    doubts: tuple[tuple[str, tuple[str, ...]], ...]


def bare_loops(links: Iterable[tuple[str, str]], passive: Collection[str]) -> list[tuple[str, ...]]:
    """Find the loops that go through passive nodes only; names in the order of the links."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((source, target) for source, target in links if source in passive and target in passive)
    return [tuple(name for name in graph if name in loop) for loop in loops_of(graph)]


def arrange(wiring: Wiring, roles: Roles) -> Arrangement:
    """Open all loops of a wiring.

    Args:
        wiring: Wires that wait already open the loops they are in.
        roles: What the nodes are.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(wiring.names)
    graph.add_edges_from((w.source, w.target) for w in wiring.wires if not w.delay)
    entries = _Entries(graph, wiring.names, roles)
    closing: set[tuple[str, str]] = set()
    handed: set[str] = set()
    ahead = list(loops_of(graph))
    while ahead:
        loop = ahead.pop()
        entry = entries.choose(loop)
        if entry in roles.waiting:
            handed.add(entry)
            cut = [(source, entry) for source in graph.predecessors(entry)]
        else:
            cut = [(source, entry) for source in graph.predecessors(entry) if source in loop]
            closing.update(cut)
        graph.remove_edges_from(cut)
        ahead += loops_of(graph.subgraph(loop))
    extra = [int(not w.delay and (w.source, w.target) in closing) for w in wiring.wires]
    if not bare_loops(((w.source, w.target) for w in wiring.wires), roles.linear):
        _move_to_sources(wiring, extra, roles.linear)
    wires = tuple(
        replace(w, delay=w.delay + steps + (w.target in handed)) for w, steps in zip(wiring.wires, extra, strict=True)
    )
    order = wiring.order([w for w in wires if not w.delay])
    return Arrangement(Wiring(tuple(order), wires), frozenset(handed), tuple(entries.doubts))


def loops_of(graph: nx.DiGraph[str]) -> list[set[str]]:
    """Sets of nodes that reach each other, and single nodes that reach themselves."""
    parts = nx.strongly_connected_components(graph)
    return [part for part in parts if len(part) > 1 or any(graph.has_edge(name, name) for name in part)]


class _Entries:
    """Chooses the node of a loop that comes first in a step."""

    def __init__(self, graph: nx.DiGraph[str], names: Sequence[str], roles: Roles) -> None:
        self.graph = graph
        self.roles = roles
        self.place = {name: index for index, name in enumerate(names)}
        self.from_inputs = _distances(graph, roles.inputs)
        self.to_outputs = _distances(graph.reverse(), roles.outputs)
        self.doubts: list[tuple[str, tuple[str, ...]]] = []

    def choose(self, loop: set[str]) -> str:
        """A Delay, else the node that is fed from outside; of several, the farthest from the outputs."""
        waiting = [name for name in loop if name in self.roles.waiting]
        if waiting:
            return min(waiting, key=self.place.__getitem__)
        fed = [name for name in loop if any(source not in loop for source in self.graph.predecessors(name))]
        ranked = sorted(fed or loop, key=self._rank)
        if len(fed) > 1:
            self.doubts.append((ranked[0], tuple(sorted(fed, key=self.place.__getitem__))))
        return ranked[0]

    def _rank(self, name: str) -> tuple[int, int, int]:
        return -self.to_outputs.get(name, 0), self.from_inputs.get(name, len(self.place)), self.place[name]


def _distances(graph: nx.DiGraph[str], starts: Collection[str]) -> Mapping[str, int]:
    """Number of wires from the nearest of some nodes to every node that they reach."""
    found = dict.fromkeys(starts, 0)
    ahead = deque(starts)
    while ahead:
        name = ahead.popleft()
        for target in graph.successors(name):
            if target not in found:
                found[target] = found[name] + 1
                ahead.append(target)
    return found


def _move_to_sources(wiring: Wiring, extra: list[int], linear: Collection[str]) -> None:
    """Move steps from all wires out of a linear node to all wires into it: its output is the same."""
    into: dict[str, list[int]] = {name: [] for name in wiring.names}
    out: dict[str, list[int]] = {name: [] for name in wiring.names}
    for index, wire in enumerate(wiring.wires):
        into[wire.target].append(index)
        out[wire.source].append(index)
    ahead = [wire.source for wire, steps in zip(wiring.wires, extra, strict=True) if steps]
    while ahead:
        name = ahead.pop()
        if name not in linear or not all(extra[index] for index in out[name]):
            continue
        for index in out[name]:
            extra[index] -= 1
        for index in into[name]:
            extra[index] += 1
            ahead.append(wiring.wires[index].source)
