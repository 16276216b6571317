"""What lies on the chip: populations, how they were rounded, and what they use of each limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid

if TYPE_CHECKING:
    from neurotool.ir.placement import Placement
    from neurotool.ir.program import ChipProgram


def populations(programs: Mapping[str, ChipProgram]) -> Table:
    """One row per population of every spiking part."""
    table = grid("Spiking half", "population", "part", "neuron", ">neurons", ">synapses", ">starts at step")
    for part, program in programs.items():
        for name, population in program.populations.items():
            synapses = sum(int(np.count_nonzero(p.weights)) for p in program.projections_into(name))
            table.add_row(
                escape(name), part, population.model, f"{population.size:,}", f"{synapses:,}", str(population.start)
            )
    return table


def rounding(records: Iterable[Mapping[str, Any]]) -> Table:
    """One row per population: its scale and the largest rounding of each parameter.

    Args:
        records: Quantisation records as JSON values, as a bundle holds them.
    """
    table = grid("Quantisation", "population", ">scale", "range", ">peak", "largest rounding")
    for record in records:
        worst = ", ".join(f"{r['parameter']} {r['error']:.2g} of {r['span']:.3g}" for r in record["roundings"])
        figures = (f"{record['scale']:.4g}", record["basis"], f"{record['peak']:.1%}")
        table.add_row(escape(record["population"]), *figures, escape(worst))
    return table


def resources(placements: Mapping[str, Placement]) -> Table:
    """Used and limit of every resource."""
    table = grid("Resources", "part", "chip", "resource", ">used", ">limit", ">share")
    for part, placement in placements.items():
        for r in placement.resources:
            share = f"{r.used / r.limit:.1%}" if r.limit else ""
            table.add_row(part, placement.chip, r.name, f"{r.used:,.0f}", f"{r.limit:,.0f} {r.unit}", share)
    return table
