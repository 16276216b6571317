"""Prices a split model: its parts one after the other, and the side that waits with its power on.

The parts of an inference follow each other. While one computes, the chips of all others stay powered with their cores,
since the weights are in them, and so does the device. A system that has other work for the waiting side need not be
charged for it; the line stands by itself, so that it can be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.chips import Chip, Constant, Device
from neurotool.diagnostics import Diagnostic
from neurotool.energy.bands import Values
from neurotool.energy.dense import price_dense
from neurotool.energy.events import ChipWork
from neurotool.energy.lines import Group, Line, Priced, Term
from neurotool.energy.model import ChipModel
from neurotool.energy.report import Evidence
from neurotool.ir.costs import DenseCounts

WAITING = "waiting"
"""Name of what no part is charged for."""


@dataclass(frozen=True, eq=False)
class CountedWork:
    """A spiking part whose events are known.

    Attributes:
        part: Name of the part.
        work: What it does in one inference.
        evidence: What stands behind the counts.
        source: Where they come from.
        samples: Samples they are a mean of; 0 where nobody says.
        notes: What was taken for granted on the way, one sentence each.
        warnings: What looks wrong about them.
    """

    part: str
    work: ChipWork
    evidence: Evidence
    source: str
    samples: int = 0
    notes: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class DenseWork:
    """A dense part and its work."""

    part: str
    counts: DenseCounts


class Busy(NamedTuple):
    """A part on chips: what it fills, and how long it computes."""

    chips: int
    cores: int
    seconds: Float64Array


class Waits(NamedTuple):
    """For how long what is powered, in seconds times their number."""

    chips: Float64Array
    cores: Float64Array
    device: Float64Array


def waits(spiking: Sequence[Busy], dense: Sequence[Float64Array], chip: Chip) -> Waits:
    """Time that chips, cores and the device are powered without computing in one inference.

    Parts share chips as far as their cores fit.

    Args:
        spiking: Parts on chips.
        dense: Seconds of each part on the device; it has no power if there is none.
        chip: Their chip.
    """
    on_chip = sum((part.seconds for part in spiking), np.zeros(1))
    latency = on_chip + sum(dense, np.zeros(1))
    cores = sum(part.cores for part in spiking)
    most = max((part.chips for part in spiking), default=0)
    chips = max(-(-cores // chip.limits.cores.value), most)
    charged = sum((part.chips * part.seconds for part in spiking), np.zeros(1))
    idle_cores = sum((part.cores * (latency - part.seconds) for part in spiking), np.zeros(1))
    return Waits(np.maximum(chips * latency - charged, 0.0), idle_cores, on_chip * bool(dense))


def price_split(
    spiking: Sequence[CountedWork], dense: Sequence[DenseWork], chip: Chip, device: Device, values: Values
) -> Iterator[Priced]:
    """Price every part, spiking ones first, and then what waits, where anything does.

    Raises:
        UsageError: The device has no figures for the number format of a part.
    """
    model = ChipModel(chip, values)
    on_chip = [model.price(each.part, each.work) for each in spiking]
    off_chip = [price_dense(each.part, each.counts, device, values) for each in dense]
    yield from on_chip
    yield from off_chip
    if on_chip and len(on_chip) + len(off_chip) > 1:
        yield _waiting([each.work for each in spiking], on_chip, off_chip, (chip, device), values)


def _waiting(
    work: Sequence[ChipWork],
    on_chip: Sequence[Priced],
    off_chip: Sequence[Priced],
    places: tuple[Chip, Device],
    values: Values,
) -> Priced:
    chip, device = places
    busy = [Busy(w.chips, w.cores, p.times["total"]) for w, p in zip(work, on_chip, strict=True)]
    found = waits(busy, [p.times["total"] for p in off_chip], chip)
    timing = tuple(dict.fromkeys(constant for part in (*on_chip, *off_chip) for constant in part.timing))

    def line(what: str, count: Float64Array, unit: str, name: str, constant: Constant) -> Line:
        return Line(Term.WAITING, what, count, unit, name, constant, count * values.of(name, constant), timing)

    lines = [
        line(f"{what} wait", count, f"{one}-seconds", f"{chip.name}.{name}", getattr(chip.costs, name))
        for what, one, count, name in (
            ("chips", "chip", found.chips, "static_chip"),
            ("cores", "core", found.cores, "static_core"),
        )
    ]
    groups = [Group(chip.name, tuple(lines))]
    if off_chip:
        idle = line("the device waits", found.device, "s", f"{device.name}.idle", device.idle)
        groups.append(Group(device.name, (idle,)))
    latency = sum((part.times["total"] for part in (*on_chip, *off_chip)), np.zeros(values.columns))
    floor = max((part.floor for part in (*on_chip, *off_chip)), key=lambda floor: floor.above)
    where = " and ".join(group.name for group in groups)
    return Priced(WAITING, where, tuple(groups), {"total": np.zeros(values.columns)}, (), floor, latency)
