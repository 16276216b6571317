"""Groups nodes into units that go to one side as a whole, and lists the values between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx as nx
import nir
from networkx.utils import UnionFind

from neurotool.arrays import BoolArray
from neurotool.ir.graph import Graph
from neurotool.ir.partition import Side
from neurotool.passes.partition.capability import PATH_TYPES
from neurotool.passes.partition.parts import loops
from neurotool.passes.partition.problem import CutProblem, Unit, Value


def cut_problem(graph: Graph, able: Mapping[str, Side], forced: Mapping[str, Side]) -> CutProblem:
    """State which sides may be chosen.

    A loop is one unit. Synapses, reshapes and delays that feed one unit belong to it; those that feed several are a
    unit of their own, which is on the chip only if all of these are.

    Args:
        graph: The graph.
        able: Side of every node but inputs and outputs if everything that can run on the chip does.
        forced: Sides that the user wants.
    """
    groups = _groups(graph, able)
    number = {name: i for i, nodes in enumerate(groups) for name in nodes}
    looped = {name for loop in loops(graph) for name in loop}
    fixed = [_fixed(nodes, looped, able, forced) for nodes in groups]
    units = tuple(Unit(nodes, side) for nodes, side in zip(groups, fixed, strict=True))
    shared = [(number[e.source], number[e.target]) for e in graph.edges if _follows(graph, able, e.source)]
    requires = {(a, b) for a, b in shared if a != b}
    return CutProblem(units, tuple(_values(graph, number, fixed)), tuple(sorted(requires)))


def sides_of(problem: CutProblem, on_chip: Sequence[bool] | BoolArray) -> dict[str, Side]:
    """Side of every node."""
    return {
        name: Side.SPIKING if on else Side.DENSE
        for unit, on in zip(problem.units, on_chip, strict=True)
        for name in unit.nodes
    }


def _follows(graph: Graph, able: Mapping[str, Side], name: str) -> bool:
    return able.get(name) is Side.SPIKING and isinstance(graph.nodes[name].op, PATH_TYPES)


def _groups(graph: Graph, able: Mapping[str, Side]) -> list[tuple[str, ...]]:
    joined = UnionFind(able)
    for loop in loops(graph):
        joined.union(*loop)
    for name in reversed(list(graph.nodes)):
        if _follows(graph, able, name):
            fed = {joined[e.target] for e in graph.outgoing(name)}
            if len(fed) == 1:
                joined.union(name, *fed)
    place = {name: i for i, name in enumerate(graph.nodes)}
    sets = [tuple(sorted(nodes, key=place.__getitem__)) for nodes in joined.to_sets()]
    return sorted(sets, key=lambda nodes: place[nodes[0]])


def _fixed(
    nodes: tuple[str, ...], looped: set[str], able: Mapping[str, Side], forced: Mapping[str, Side]
) -> bool | None:
    """Whether a unit is bound to a side. A loop does not run in torch parts, which see whole rasters."""
    if any(able[name] is Side.DENSE for name in nodes):
        return False
    return True if any(name in looped or forced.get(name) is Side.SPIKING for name in nodes) else None


def _values(graph: Graph, number: Mapping[str, int], fixed: Sequence[bool | None]) -> list[Value]:
    found, behind = [], _behind_dense(graph, number, fixed)
    for name, node in graph.nodes.items():
        if isinstance(node.op, nir.Output):
            continue
        maker = number.get(name)
        maker = None if maker is not None and fixed[maker] is False else maker
        targets = {number.get(e.target) for e in graph.outgoing(name)} - {number.get(name)}
        takers = tuple(sorted(t for t in targets if t is not None and fixed[t] is not False))
        outside = len(takers) < len(targets)
        if takers or (maker is not None and outside):
            apart = () if maker is None else tuple(t for t in takers if t in behind[maker])
            found.append(Value(name, maker, takers, outside, apart))
    return found


def _behind_dense(graph: Graph, number: Mapping[str, int], fixed: Sequence[bool | None]) -> list[set[int]]:
    """For every unit, those that hear of it through something that is off the chip in any case."""
    between: nx.DiGraph[int] = nx.DiGraph()
    between.add_nodes_from(range(len(fixed)))
    between.add_edges_from(
        (number[e.source], number[e.target]) for e in graph.edges if e.source in number and e.target in number
    )
    between.remove_edges_from(list(nx.selfloop_edges(between)))
    behind: list[set[int]] = [set() for _ in fixed]
    reached: list[set[int]] = [set() for _ in fixed]
    for unit in reversed(list(nx.topological_sort(between))):
        for after in between.successors(unit):
            reached[unit] |= {after} | reached[after]
            behind[unit] |= reached[after] if fixed[after] is False else behind[after]
    return behind
