"""What was tried to keep accuracy, and what rounding costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid

if TYPE_CHECKING:
    from neurotool.pipeline.conversion.sensitivity import LayerLoss


def summary(
    records: Mapping[str, Sequence[Mapping[str, Any]]], losses: Mapping[str, Sequence[LayerLoss]]
) -> Iterator[RenderableType]:
    """The tables that there is something to say in."""
    rows = [record for found in records.values() for record in found if record.get("tries")]
    if rows:
        yield tries(rows)
    for part, found in losses.items():
        yield sensitivity(part, found)


def tries(records: Sequence[Mapping[str, Any]]) -> Table:
    """Scales that were tried for the populations of loops: cosine of the spikes to the float reference."""
    headings = ("population", ">tried", ">worst cosine", ">best cosine", ">share", ">range of the potential")
    table = grid("Scales tried on calibration data", *headings)
    for record in records:
        found = sorted(record["tries"], key=lambda t: float(t["cosine"]))
        figures = (str(len(found)), f"{found[0]['cosine']:.4f}", f"{found[-1]['cosine']:.4f}")
        taken = max(record["tries"], key=lambda t: float(t["cosine"]))
        shares = (f"{taken['share']:.0%} of the mantissa", f"{taken['headroom']:.0%}")
        table.add_row(escape(record["population"]), *figures, *shares)
    return table


def sensitivity(part: str, losses: Sequence[LayerLoss]) -> Table:
    """One row per layer that is rounded alone, the most sensitive first."""
    table = grid(
        f"Sensitivity of {part}: one layer at its width, the others at 16 bits, on calibration data",
        *("rounded", ">bits", ">spikes that differ", ">cosine", ">its own", ">rate error", ">accuracy"),
    )
    for row in losses:
        own = "" if row.own_cosine is None else f"{row.own_cosine:.4f}"
        accuracy = "" if row.accuracy is None else f"{row.accuracy:.2%}"
        figures = (str(row.weight_bits), f"{row.differing:.2%}", f"{row.cosine:.4f}", own, f"{row.rate_error:.4f}")
        table.add_row(escape(row.layer), *figures, accuracy)
    return table
