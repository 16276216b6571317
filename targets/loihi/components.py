"""Which populations of a program must step together, and how many rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import networkx as nx

from neurotool.ir.program import ChipProgram
from neurotool.targets.loihi.engine import order_of_steps


class Component(NamedTuple):
    """Populations that must step together.

    Attributes:
        names: The populations, in the order in which they step within a row.
        stride: Rows that each of them may take before the next one does; 0 without a bound, outside loops.
    """

    names: tuple[str, ...]
    stride: int

    @property
    def looped(self) -> bool:
        """Whether the populations form a loop."""
        return self.stride > 0


def components(program: ChipProgram) -> Iterator[Component]:
    """Yield the populations that must step together, sources first."""
    order = order_of_steps(program)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(program.populations)
    graph.add_edges_from((p.source, p.target) for p in program.projections.values() if p.source in program.populations)
    condensed = nx.condensation(graph)
    for node in nx.topological_sort(condensed):
        members = condensed.nodes[node]["members"]
        names = tuple(name for name in order if name in members)
        yield Component(names, _stride(program, names))


def _stride(program: ChipProgram, names: Sequence[str]) -> int:
    """Return the shortest way back: as many rows of it are known when the first population steps."""
    place = {name: i for i, name in enumerate(names)}
    ways_back = (
        program.lag(projection) + projection.delay_range[0]
        for name in names
        for projection in program.projections_into(name)
        if projection.source in place and place[projection.source] >= place[name]
    )
    return min(ways_back, default=0)
