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


def alternatives(comparison: Comparison) -> Table:
    """One row per way to do the task."""
    table = grid(
        "The same task", "what", "on", ">batch", ">energy", "range", ">latency", ">EDP", "EDP range", ">accuracy"
    )
    for each in comparison.alternatives:
        accuracy = "not known" if each.accuracy is None else f"{each.accuracy:.2%}"
        edp = format_si(each.edp.nominal, "Js"), spread(each.edp, "Js")
        figures = joules(each.energy), spread(each.energy, "J"), seconds(each.latency), *edp
        table.add_row(escape(each.name), each.where, str(each.batch), *figures, accuracy)
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
