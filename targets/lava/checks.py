"""What Lava can run of a program. Every refusal is found before anything starts."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.program import ChipProgram
from neurotool.neurons.check import check_populations


def check_program(program: ChipProgram) -> None:
    """Refuse a program that Lava cannot run exactly.

    Raises:
        UnsupportedError: With one diagnostic for each population and projection that stands in the way.
    """
    found = [*_loops(program), *check_populations(program), *_paths(program)]
    if found:
        raise UnsupportedError(
            f"Lava cannot run this program: {len(found)} {'thing stands' if len(found) == 1 else 'things stand'}"
            f" in the way, first: {found[0].message}",
            hint="the loihi target runs it: --target loihi",
            diagnostics=found,
        )


def _loops(program: ChipProgram) -> Iterator[Diagnostic]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((p.source, p.target) for p in program.projections.values())
    for members in nx.strongly_connected_components(graph):
        if len(members) > 1 or any(graph.has_edge(m, m) for m in members):
            names = sorted(members)
            yield Diagnostic(
                "NT-RUN-002",
                Severity.ERROR,
                names[0],
                f"populations in a loop: {', '.join(names)}",
                found=f"a loop of {len(names)}",
                limit="no loop",
                fix="run it on the loihi target",
                origin=program.populations[names[0]].origin,
            )


def _paths(program: ChipProgram) -> Iterator[Diagnostic]:
    for projection in program.projections.values():
        source = program.populations.get(projection.source)
        # What an input port shows at step t is heard at t + 1, as if it were a population that starts at 0.
        leaves, arrives = (source.start if source else 0), program.populations[projection.target].start
        if arrives != leaves + 1:
            yield Diagnostic(
                "NT-RUN-001",
                Severity.ERROR,
                projection.name,
                f"projection {projection.name!r} from {projection.source!r} (start {leaves}) to "
                f"{projection.target!r} (start {arrives}) is {arrives - leaves} steps long",
                found=f"{arrives - leaves} steps",
                limit="1 step",
                fix="put a relay population on the shorter path, or run it on the loihi target",
                origin=projection.origin,
            )
