"""The chosen cut: parts, costs beside other cuts, and why one node is where it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import facts, grid
from neurotool.units import format_si

if TYPE_CHECKING:
    from neurotool.ir.costs import CutCost
    from neurotool.pipeline import PartitionResult
    from neurotool.pipeline.cuts.choice import ChosenCut
    from neurotool.pipeline.cuts.partition import Explanation

OBJECTIVES = {
    "chip": "everything on the chip that can run there (--objective energy, latency or edp compares costs)",
    "energy": "the least energy of an inference",
    "latency": "the least latency of an inference",
    "edp": "the least energy times latency of an inference",
}


def configuration(source: str, result: PartitionResult) -> RenderableType:
    """What was cut, and by what."""
    graph, chosen = result.partition.graph, result.chosen
    head: dict[str, object] = {
        "source": source,
        "time step": format_si(graph.dt, "s"),
        "neurons as in": graph.convention.summary,
        "assumed": result.notes,
    }
    if chosen is not None:
        head |= {
            "objective": OBJECTIVES[chosen.objective.value],
            "search": _search(chosen),
            "activity": f"{chosen.costs.activity.source}; {chosen.costs.steps} time steps",
        }
    return facts("Configuration", head)


def _search(chosen: ChosenCut) -> str | None:
    answer = chosen.answer
    if answer is None:
        return None
    units, tried = len(chosen.costs.candidates.problem.free), f"{answer.evaluated:,} cuts costed"
    known = "the best cut" if answer.complete else f"at most {answer.gap:.2%} above the best cut (--cut-seconds)"
    return f"{units} units to place, {tried} in {format_si(answer.seconds, 's')}: {known}"


def parts(result: PartitionResult) -> Table:
    """One row per part."""
    from neurotool.pipeline.cuts.tables import part_rows

    return _filled("What runs where, and why", *part_rows(result.partition, result.chosen))


def costs(result: PartitionResult) -> list[RenderableType]:
    """The cut beside others, and what the figures hold."""
    from neurotool.pipeline.cuts.tables import cut_rows

    if result.chosen is None:
        return [facts("", {"cost": f"not known: {result.uncosted}"})]
    front, about = result.front, {}
    if front is not None:
        about = {
            "accuracy": f"of the integers, on {front.data}" if front.data else "not known without labelled samples",
            "looked at": "all legal cuts" if front.exhaustive else
            "the cuts that no other beats in energy and latency; accuracy is known for these alone",
            "search": None if front.complete else "stopped before its end; there may be more (--cut-seconds)",
            "drawn in": result.figure,
        }  # fmt: skip
    about["how to read"] = (
        "Nominal, from spike rates; chip and device stay powered while the other computes. Constants are uncertain by "
        "factors: neurotool estimate-energy gives the range for a converted model."
    )
    title = "What cuts cost per inference" if front is None else "Cuts that no other beats, and those to compare with"
    return [_filled(title, *cut_rows(result.compared())), facts("", about)]


def explanation(result: PartitionResult, found: Explanation) -> RenderableType:
    """Why a node is where it is, and what the other side would cost."""
    here, there = ("on the chip", "in torch") if found.reason.side.value == "spiking" else ("in torch", "on the chip")
    rule = f" [{found.reason.rule}]" if found.reason.rule else ""
    others = [name for name in found.together if name != found.reason.node]
    also = [name for name in found.moved if name not in found.together]
    other = _cost(found.there) if found.there is not None else "not possible" if found.here is not None else None
    return facts(
        f"{found.reason.node}: {here}",
        {
            "why": f"{found.reason.text}{rule}",
            "always with": ", ".join(others) or None,
            "the model now": None if found.here is None else _cost(found.here),
            f"with it {there}": other,
            "which would also move": ", ".join(also) or None,
            "cost": f"not known: {result.uncosted}" if result.chosen is None else None,
        },
    )


def _cost(cost: CutCost) -> str:
    return f"{format_si(cost.energy, 'J')}, {format_si(cost.latency, 's')}, {cost.cores:,.0f} cores"


def _filled(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = grid(title, *headings)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table
