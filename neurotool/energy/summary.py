"""Turns the lines of a part into rows, terms and bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.energy.bands import Band, Floor, band
from neurotool.energy.dynamic import CHIPS_POWERED, CORES_POWERED, DYNAMIC
from neurotool.energy.lines import Group, Line, Priced, Term, kind_of, total, weakest
from neurotool.energy.parts import Arithmetic, EnergyRow, PartEnergy


def summarise(priced: Priced) -> PartEnergy:
    """Summarise what one inference of a part takes."""
    lines, floor = priced.lines, priced.floor
    whole, busy = band(total(lines), floor), float(priced.busy[0])
    return PartEnergy(
        part=priced.part,
        where=priced.where,
        latency={cause: _time_band(seconds, floor) for cause, seconds in priced.times.items()},
        terms=_terms(lines, floor),
        standing={
            what: band(total(line for line in lines if line.what == what), floor)
            for what in (CHIPS_POWERED, CORES_POWERED)
        },
        dynamic={name: band(total(definition.pick(lines)), floor) for name, definition in DYNAMIC.items()},
        total=whole,
        power=whole.nominal / busy if busy > 0 else 0.0,
        kind=kind_of(lines),
        latency_kind=weakest(priced.timing),
        rows=tuple(_row(priced.part, group, floor) for group in priced.groups),
    )


def _time_band(seconds: Float64Array, floor: Floor) -> Band:
    """A time that no constant moves was given, and has no band."""
    return band(seconds, floor if np.ptp(seconds) > 0 else Floor.relative(0.0))


def _row(part: str, group: Group, floor: Floor) -> EnergyRow:
    return EnergyRow(
        part=part,
        name=group.name,
        terms=_terms(group.lines, floor),
        total=band(total(group.lines), floor),
        kind=kind_of(group.lines),
        arithmetic=tuple(_arithmetic(line, floor) for line in group.lines),
    )


def _terms(lines: Sequence[Line], floor: Floor) -> dict[Term, Band]:
    return {term: band(total(lines, term), floor) for term in Term}


def _arithmetic(line: Line, floor: Floor) -> Arithmetic:
    constant = line.constant
    return Arithmetic(
        term=line.term,
        what=line.what,
        count=float(line.count[0]),
        count_unit=line.count_unit,
        constant=line.name,
        value=constant.value,
        low=constant.low,
        high=constant.high,
        unit=constant.unit,
        basis=constant.basis.value,
        citation=constant.citation,
        date=constant.date,
        energy=band(line.energy, floor),
    )
