"""Turns the lines of a part into rows, terms and bands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from neurotool.chips import Constant
from neurotool.energy.bands import Band, Floor, band
from neurotool.energy.lines import Group, Line, Term, kind_of, total, weakest
from neurotool.energy.report import Arithmetic, EnergyRow, PartEnergy

FloatArray = npt.NDArray[np.float64]


def summarise(
    part: str,
    where: str,
    groups: Sequence[Group],
    *,
    times: Mapping[str, FloatArray],
    timing: Iterable[Constant],
    floor: Floor,
    busy: FloatArray,
) -> PartEnergy:
    """Summarise what one inference of a part takes.

    Args:
        part: Name of the part.
        where: Chip or device.
        groups: Its lines, by layer.
        times: Latency by cause, and in ``total``, ``[1 + draws]`` each.
        timing: Constants the latency rests on.
        floor: Narrowest band to claim.
        busy: Time per inference that the energy is spent in, ``[1 + draws]``.
    """
    lines = [line for group in groups for line in group.lines]
    whole = band(total(lines), floor)
    return PartEnergy(
        part=part,
        where=where,
        latency={cause: band(seconds, floor) for cause, seconds in times.items()},
        terms=_terms(lines, floor),
        total=whole,
        power=whole.nominal / float(busy[0]) if busy[0] > 0 else 0.0,
        kind=kind_of(lines),
        latency_kind=weakest(timing),
        rows=tuple(_row(part, group, floor) for group in groups),
    )


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
