"""How the edges of a graph are written, so that reading them gives the same delays.

NIR has no field for the delay of an edge. The edge that closes a loop waits for one step by itself, as read here and by
the simulators of other frameworks, so it is written as it is. Any other delay becomes a Delay node, whose name in the
metadata tells that it was an edge. So does the second of two edges between the same nodes, of which the format has no
room for more than one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import nir
import numpy as np

from neurotool.converters.nir.build import delay_in_seconds
from neurotool.converters.nir.file import Link
from neurotool.converters.nir.loops import Roles, arrange, loops_of
from neurotool.converters.nir.support import LINEAR
from neurotool.converters.nir.wiring import Wire, Wiring
from neurotool.ir.graph import Edge, Graph


@dataclass(frozen=True, eq=False)
class WrittenEdges:
    """Edges as a file holds them.

    Attributes:
        links: (source, target) of each edge.
        delays: Delay nodes that stand for an edge.
        longer: Delay nodes that are written with one step more, since reading takes one for the edges into them.
    """

    links: list[Link]
    delays: Mapping[str, nir.Delay]
    longer: Collection[str]


def written_edges(graph: Graph) -> WrittenEdges:
    """Choose the form of all edges of a graph."""
    edges = _in_order_of_arguments(graph)
    loop_of = {name: number for number, loop in enumerate(loops_of(graph.networkx())) for name in loop}
    plain, longer = _implied(graph, edges, loop_of)
    links: list[Link] = []
    written: set[Link] = set()
    delays: dict[str, nir.Delay] = {}
    for index, edge in enumerate(edges):
        link = (edge.source, edge.target)
        if (edge.delay and index not in plain) or link in written:
            name = _free_name(link, {*graph.nodes, *delays})
            seconds = 0.0 if index in plain else edge.delay * graph.dt
            delays[name] = nir.Delay(delay=np.full(edge.shape, seconds))
            links += [(edge.source, name), (name, edge.target)]
        else:
            links.append(link)
            written.add(link)
    return WrittenEdges(links, delays, longer)


def _in_order_of_arguments(graph: Graph) -> list[Edge]:
    """The edges in their order, but those into the same node in the order of its arguments."""
    sorted_into = {name: iter(graph.incoming(name)) for name in graph.nodes}
    return [next(sorted_into[edge.target]) for edge in graph.edges]


def _implied(graph: Graph, edges: list[Edge], loop_of: Mapping[str, int]) -> tuple[set[int], set[str]]:
    """Find the edges whose delays a reader finds by itself, and the Delay nodes that must be longer for that.

    The reader's rule is tried on all loops; a loop where it gives other delays is written with Delay nodes.
    """
    spelt_out: set[int] = set()
    while True:
        longer = {
            name for name in graph.nodes if loop_of.get(name) not in (None, *spelt_out) and _took_a_step(graph, name)
        }
        plain = {
            index
            for index, edge in enumerate(edges)
            if edge.target in longer
            or not edge.delay
            or (edge.delay == 1 and _loop(edge, loop_of) not in (None, *spelt_out))
        }
        wires = tuple(Wire(e.source, e.target, 0 if i in plain else e.delay) for i, e in enumerate(edges))
        found = arrange(Wiring(tuple(graph.nodes), wires), _roles(graph, longer))
        wrong = {
            loop_of.get(edge.target)
            for edge, wire in zip(edges, found.wiring.wires, strict=True)
            if edge.delay != wire.delay
        }
        wrong |= {loop_of.get(name) for name in found.handed ^ longer}
        if not wrong or spelt_out.issuperset(loop_of.values()):
            return plain, longer
        new = {loop for loop in wrong if loop is not None} - spelt_out
        spelt_out |= new or set(loop_of.values())


def _loop(edge: Edge, loop_of: Mapping[str, int]) -> int | None:
    """The loop that an edge is part of."""
    loop = loop_of.get(edge.source)
    return loop if loop == loop_of.get(edge.target) else None


def _took_a_step(graph: Graph, name: str) -> bool:
    """Whether a node may be a Delay that handed one step to the edges into it."""
    op = graph.nodes[name].op
    if not isinstance(op, nir.Delay) or any(edge.delay != 1 for edge in graph.incoming(name)):
        return False
    return bool(np.array_equal(op.delay, delay_in_seconds(_steps(op, graph), graph.dt)))


def _steps(op: nir.Delay, graph: Graph) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.rint(np.asarray(op.delay, np.float64) / graph.dt).astype(np.int64)


def longer_delay(op: nir.Delay, graph: Graph) -> nir.Delay:
    """A Delay of one step more."""
    return replace(op, delay=delay_in_seconds(_steps(op, graph) + 1, graph.dt))


def _roles(graph: Graph, longer: Collection[str]) -> Roles:
    ops = {name: node.op for name, node in graph.nodes.items()}
    return Roles(
        inputs=graph.inputs,
        outputs=graph.outputs,
        linear={name for name, op in ops.items() if isinstance(op, (*LINEAR, nir.Flatten))},
        waiting={
            name
            for name, op in ops.items()
            if isinstance(op, nir.Delay) and np.min(_steps(op, graph)) + (name in longer) >= 1
        },
    )


def _free_name(link: Link, taken: Collection[str]) -> str:
    name = base = f"{link[0]}->{link[1]}"
    number = 1
    while name in taken:
        number += 1
        name = f"{base}#{number}"
    return name
