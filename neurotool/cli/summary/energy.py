"""Energy and latency of one inference, each with its band and kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid
from neurotool.units import format_si

if TYPE_CHECKING:
    from neurotool.energy import Band, EnergyReport, EnergyRow, PartEnergy


def layers(report: EnergyReport) -> Table:
    """One row per layer: its energy by term, its total with band, and the kind of the figure."""
    terms = [term for term, band in report.terms.items() if band.nominal > 0.0]
    table = grid(
        "Energy per inference, by layer", "part", "layer", *(f">{t.value}" for t in terms), ">total", "range", "kind"
    )
    for row in report.rows():
        cells = [joules(row.terms[term]) if term in row.terms else "" for term in terms]
        table.add_row(row.part, escape(row.name), *cells, *_figure(row), row.kind.value)
    return table


def totals(report: EnergyReport) -> Table:
    """One row per part, the sum, and the whole model run densely for comparison."""
    table = grid("Per inference", "part", "on", ">energy", "range", "kind", ">latency", "range")
    for part in report.parts:
        _add_part(table, part.part, part)
    sum_of = (joules(report.total), spread(report.total, "J"), report.kind.value)
    table.add_row("[bold]total[/]", "", *sum_of, seconds(report.latency), spread(report.latency, "s"))
    if report.whole is not None:
        _add_part(table, "for comparison: all in torch, unfused, batch 1", report.whole)
    return table


def sources(rows: Iterable[EnergyRow]) -> Table:
    """The arithmetic of each layer: what was counted, times which constant, from where."""
    table = grid("Where the figures come from", "layer", "product")
    for row in rows:
        for product in row.arithmetic:
            table.add_row(escape(row.name), escape(product.text()))
    return table


def joules(band: Band) -> str:
    """Nominal energy."""
    return format_si(band.nominal, "J")


def seconds(band: Band) -> str:
    """Nominal time."""
    return format_si(band.nominal, "s")


def spread(band: Band, unit: str) -> str:
    """Low to high."""
    return f"{format_si(band.low, unit)} to {format_si(band.high, unit)}"


def _add_part(table: Table, name: str, part: PartEnergy) -> None:
    table.add_row(name, part.where, *_figure(part), part.kind.value, seconds(part.seconds), spread(part.seconds, "s"))


def _figure(row: EnergyRow | PartEnergy) -> tuple[str, str]:
    return joules(row.total), spread(row.total, "J")
