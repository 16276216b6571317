"""Energy and latency of one inference, each with its band and kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import facts, grid
from neurotool.units import format_si

if TYPE_CHECKING:
    from neurotool.energy import Band, EnergyReport, EnergyRow, PartEnergy, Swing


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
    """One row per part, what waits, the sum, and the whole model run densely for comparison."""
    table = grid("Per inference", "part", "on", ">energy", "range", "kind", ">latency", "range")
    for part in report.parts:
        _add_part(table, part.part, part)
    if report.waiting is not None:
        figure = *_figure(report.waiting), report.waiting.kind.value
        table.add_row(report.waiting.part, report.waiting.where, *figure, "", "")
    sum_of = (joules(report.total), spread(report.total, "J"), report.kind.value)
    table.add_row("[bold]total[/]", "", *sum_of, seconds(report.latency), spread(report.latency, "s"))
    if report.whole is not None:
        _add_part(table, "for comparison: all in torch, unfused, batch 1", report.whole)
    return table


def terms(report: EnergyReport, dynamic: str) -> Table:
    """What the energy is spent for, each with its band, and what one definition of "dynamic" makes of it."""
    from neurotool.energy.dynamic import CHIPS_POWERED, CORES_POWERED, DYNAMIC
    from neurotool.energy.lines import Term

    table = grid("Per inference, by what it is spent for", "line", ">energy", "range", "what")
    standing = report.standing(CHIPS_POWERED), report.standing(CORES_POWERED)
    lines = {
        "dynamic": (report.terms[Term.DYNAMIC], "events on the chip, work of the device"),
        "static": (report.terms[Term.STATIC], "being powered for the latency"),
        "  floor": (standing[0], "chips with all cores gated"),
        "  cores": (standing[1], "cores in use"),
        "host": (report.terms[Term.HOST], "processors on the chip that drive the run"),
        "boundary": (report.terms[Term.BOUNDARY], "values over the link to the chip"),
        "waiting": (report.terms[Term.WAITING], "being powered while another part computes"),
        "total": (report.total, ""),
        f"'{dynamic}'": (report.dynamic(dynamic), DYNAMIC[dynamic].meaning),
    }
    for name, (figure, meaning) in lines.items():
        if figure.nominal > 0.0 or not name.startswith(" "):
            table.add_row(name, joules(figure), spread(figure, "J"), escape(meaning))
    return table


SWINGS = 3
"""Constants that are shown; the report holds all."""


def swings(report: EnergyReport) -> Table:
    """The constants that move the total most, each from its low to its high value."""
    table = grid("What moves the total most", "constant", "from", "to", "total", "source")
    for swing in report.tornado[:SWINGS]:
        unit = "" if swing.unit == "1" else f" {swing.unit}"
        moved = f"{format_si(swing.energy_low, 'J')} to {format_si(swing.energy_high, 'J')}"
        ends = f"{swing.low:g}{unit}", f"{swing.high:g}{unit}"
        table.add_row(swing.constant, *ends, moved, escape(_sourced(swing)))
    return table


def _sourced(swing: Swing) -> str:
    """Basis and source; the citation of an assumption says itself that it is one."""
    return swing.citation if swing.citation.startswith(swing.basis) else f"{swing.basis}: {swing.citation}"


def explained(row: EnergyRow) -> Table:
    """The arithmetic of one layer: every product, its constant with range and source, and the sum."""
    lines: dict[str, object] = {}
    for product in row.arithmetic:
        counted = f"{product.count:,.6g} {product.count_unit} x {product.value:g} {product.unit}"
        lines[f"{product.what} ({product.term.value})"] = (
            f"{counted} = {joules(product.energy)}, {spread(product.energy, 'J')}",
            f"{product.constant}: {product.low:g} to {product.high:g} {product.unit}, {product.basis}",
            f"{product.citation} ({product.date})",
            "",
        )
    lines["sum"] = (f"{joules(row.total)}, {spread(row.total, 'J')}; kind: {row.kind.value}",)
    return facts(escape(f"{row.name} ({row.part})"), lines)


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
