"""What runs where, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid
from neurotool.ir.coding import Coding

if TYPE_CHECKING:
    from neurotool.ir.manifest import PartRecord
    from neurotool.ir.partition import Boundary, Part, Partition, Reason
    from neurotool.pipeline.verification.boundary_checks import BoundaryCheck
    from neurotool.runtime.schedule import Crossing


def nodes(partition: Partition) -> Table:
    """One row per node of the graph: its side, its part and the reason."""
    part_of = {name: part.name for part in partition.parts for name in part.nodes}
    why = {reason.node: reason for reason in partition.reasons}
    table = grid("What runs where, and why", "node", "type", "shape", "part", "reason")
    for name, node in partition.graph.nodes.items():
        if name in part_of:
            table.add_row(
                escape(name), node.type_name, _shape(node.shape), part_of[name], escape(_reason(why.get(name)))
            )
    return table


def reasons(parts: Iterable[Part | PartRecord], found: Iterable[Reason]) -> Table:
    """One row per node, for a partition whose graph is not at hand."""
    part_of = {name: part.name for part in parts for name in part.nodes}
    table = grid("What runs where, and why", "node", "part", "reason")
    for reason in found:
        table.add_row(escape(reason.node), part_of.get(reason.node, ""), escape(_reason(reason)))
    return table


def boundaries(found: Iterable[Boundary]) -> Table:
    """Every value that crosses from one part to another."""
    table = grid(
        "What crosses between them", "value", "from", "to", "shape", "kind", "as", ">latency", ">step", ">error"
    )
    for b in found:
        steps = "per step" if b.timed else "once"
        kept = f"{b.latency} steps" if b.latency else "", f"{b.quantum:.3g}" if b.quantum else ""
        error = "" if b.error is None or b.coding is Coding.SPIKES else f"{b.error:.2%}"
        row = escape(b.value), b.source or "you", b.target, _shape(b.shape), f"{b.kind}, {steps}", b.coding
        table.add_row(*row, *kept, error)
    return table


def crossings(found: Iterable[Crossing]) -> Table:
    """What a run saw at the boundaries between chip and torch."""
    table = grid("At the boundaries", "value", "from", "to", "as", ">bytes per sample", ">error of the coding")
    for one in found:
        b = one.boundary
        error = "none" if one.error == 0.0 else f"{one.error:.2%} of the value"
        table.add_row(escape(b.value), b.source or "you", b.target, b.coding, f"{one.traffic:,.0f}", error)
    return table


def checks(found: Iterable[BoundaryCheck]) -> Table:
    """What verification saw at the boundaries: error of the coding, and how far values are off the float reference."""
    headings = "value", "from", "to", "as", "on", ">error of the coding", ">off the float value"
    table = grid("At the boundaries", *headings)
    for check in found:
        b = check.crossing.boundary
        error = "none" if check.crossing.error == 0.0 else f"{check.crossing.error:.2%}"
        off = "" if check.difference is None else "equal" if check.difference == 0.0 else f"{check.difference:.2%}"
        table.add_row(escape(b.value), b.source or "you", b.target, b.coding, check.form, error, off)
    return table


def _reason(reason: Reason | None) -> str:
    if reason is None:
        return ""
    return f"{reason.text} [{reason.rule}]" if reason.rule else reason.text


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"
