"""What runs where, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid

if TYPE_CHECKING:
    from neurotool.ir.manifest import PartRecord
    from neurotool.ir.partition import Boundary, Part, Partition, Reason


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
    table = grid("What crosses between them", "value", "from", "to", "shape", "kind", "as")
    for b in found:
        steps = "per step" if b.timed else "once"
        table.add_row(escape(b.value), b.source or "you", b.target, _shape(b.shape), f"{b.kind}, {steps}", b.coding)
    return table


def _reason(reason: Reason | None) -> str:
    if reason is None:
        return ""
    return f"{reason.text} [{reason.rule}]" if reason.rule else reason.text


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"
