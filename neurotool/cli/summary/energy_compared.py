"""The split model beside the same task on a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.energy import joules, seconds, spread
from neurotool.cli.summary.tables import grid
from neurotool.units import format_si

if TYPE_CHECKING:
    from neurotool.energy.comparison import Comparison
    from neurotool.energy.crosscheck import CrossCheck


def alternatives(comparison: Comparison) -> Table:
    """One row per way to do the task."""
    from neurotool.energy.accuracy import Equality

    table = grid(
        "The same task",
        "what",
        "on",
        ">batch",
        ">energy",
        "range",
        ">latency",
        ">EDP",
        "EDP range",
        ">accuracy",
        "as accurate",
    )
    first = comparison.alternatives[0].accuracy
    for each in comparison.alternatives:
        accuracy = "not known" if each.accuracy is None else f"{each.accuracy:.2%}"
        edp = format_si(each.edp.nominal, "Js"), spread(each.edp, "Js")
        figures = joules(each.energy), spread(each.energy, "J"), seconds(each.latency), *edp
        equal = "" if each is comparison.alternatives[0] else Equality.of(each.accuracy, first).text
        table.add_row(escape(each.name), each.where, str(each.batch), *figures, accuracy, equal)
    return table


def break_even(comparison: Comparison) -> Table:
    """The spike rate at which the split model needs as much as each of the others."""
    headings = (
        "against",
        ">batch",
        "energy",
        ">spikes per neuron and step",
        ">of the activity",
        "the split model needs",
    )
    table = grid("Break-even spike rate", *headings)
    for each in comparison.break_even:
        rate = "none" if each.rate is None else f"{each.rate:.3%}"
        place = escape(each.against), str(each.batch), each.basis.value
        table.add_row(*place, rate, f"{each.measured:.3%}", each.verdict.value)
    return table


def second_opinion(check: CrossCheck) -> Table:
    """Our figures of one sample beside SANA-FE's."""
    title = f"{check.part} beside SANA-FE {check.version}, first sample, nominal"
    table = grid(title, "quantity", ">neurotool", ">SANA-FE", ">ratio")
    for row in check.rows:
        ours, theirs = (_shown(value, row.unit) for value in (row.ours, row.theirs))
        table.add_row(row.quantity, ours, theirs, "" if row.ratio is None else f"{row.ratio:.3f}")
    return table


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "not told"
    return format_si(value, unit) if unit else f"{value:,.0f}"
