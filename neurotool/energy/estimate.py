"""Estimates what one inference of a split model costs: the one entry to this package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from neurotool.chips import Chip, Device
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.energy.bands import Draws, Floor
from neurotool.energy.boundary import crossings
from neurotool.energy.counts import count
from neurotool.energy.dense import price_dense
from neurotool.energy.model import ChipModel
from neurotool.energy.report import EnergyReport, PartEnergy
from neurotool.energy.summary import summarise
from neurotool.errors import UsageError
from neurotool.ir.costs import DenseCounts
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace
from neurotool.units import format_si

NOTES = (
    "Energy and latency are per inference, as a mean over the samples of the trace.",
    "Dynamic is what events add to a powered, idle chip or device; static is being powered for the modelled latency; "
    "host is the processors on the chip; boundary is the link to the chip.",
    "Parts run one after the other. Each is charged for its own time: not for waiting, and not for the computer that "
    "feeds the chip.",
    "A figure's kind is that of its weakest constant that makes up at least 5 % of it; none is measured.",
)


@dataclass(frozen=True, eq=False)
class SpikingWork:
    """A spiking part: what ran, where it lies, what it did."""

    part: str
    program: ChipProgram
    placement: Placement
    trace: Trace


@dataclass(frozen=True)
class DenseWork:
    """A dense part and its work."""

    part: str
    counts: DenseCounts


def estimate(
    spiking: Sequence[SpikingWork],
    dense: Sequence[DenseWork],
    chip: Chip,
    device: Device,
    *,
    whole: DenseCounts | None = None,
    seed: int = 0,
) -> EnergyReport:
    """Estimate energy and latency of one inference.

    Args:
        spiking: Spiking parts, each with the trace of a run on realistic input.
        dense: Dense parts.
        chip: Where the spiking parts run.
        device: Where the dense parts run.
        whole: Work of the whole model run densely (:func:`neurotool.energy.whole.dense_counts_of_graph`).
        seed: Seed of the bands.

    Raises:
        UsageError: A placement is for another chip, a trace is not one of its program, or the device has no figures for
            the number format of a part.
    """
    draws = Draws(seed)
    on_chip = [_spiking_part(work, chip, draws) for work in spiking]
    on_device = [_dense_part(work, device, draws) for work in dense]
    all_dense = None if whole is None else _dense_part(DenseWork("whole model", whole), device, draws)
    window, idle = chip.power_window, device.idle
    warnings = (
        *_unlikely_power(on_chip, window.low * window.factor, window.high * window.factor, window.citation),
        *_unlikely_power(
            [*on_device, *([all_dense] if all_dense else [])],
            idle.low * idle.factor,
            device.rating.si,
            "from idle to rated power",
        ),
    )
    return EnergyReport(
        parts=(*on_chip, *on_device),
        whole=all_dense,
        samples=min((work.trace.batch for work in spiking), default=0),
        activity=f"measured trace ({', '.join(sorted({work.trace.target for work in spiking}))})"
        if spiking
        else "none",
        seed=seed,
        warnings=warnings,
        notes=NOTES,
    )


def _spiking_part(work: SpikingWork, chip: Chip, draws: Draws) -> PartEnergy:
    if work.placement.chip != chip.name:
        raise UsageError(
            f"part {work.part!r} is placed on {work.placement.chip!r}, the estimate is for {chip.name!r}",
            hint="place the program on the chip it is to be costed for",
        )
    counts = count(work.program, work.placement, work.trace, chip)
    priced = ChipModel(chip, draws).price(work.program, counts, crossings(work.program, work.trace))
    times = {"steps": priced.step_seconds, "input and output": priced.transfer_seconds, "total": priced.seconds}
    return summarise(
        work.part,
        chip.name,
        priced.groups,
        times=times,
        timing=priced.timing,
        floor=Floor.relative(chip.dynamic_floor.si),
        busy=priced.seconds,
    )


def _dense_part(work: DenseWork, device: Device, draws: Draws) -> PartEnergy:
    priced = price_dense(work.part, work.counts, device, draws)
    return summarise(
        work.part,
        device.name,
        (priced.group,),
        times={"total": priced.seconds},
        timing=priced.timing,
        floor=priced.floor,
        busy=priced.seconds_per_sample,
    )


def _unlikely_power(parts: Iterable[PartEnergy], low: float, high: float, source: str) -> Iterator[Diagnostic]:
    """Warn of every part whose average power is outside a window."""
    for part in parts:
        if not low <= part.power <= high:
            found = format_si(part.power, "W")
            limit = f"{format_si(low, 'W')} to {format_si(high, 'W')}"
            message = f"{part.part} on {part.where} would draw {found} on average; known: {limit} ({source})"
            yield Diagnostic("NT-ENERGY-001", Severity.WARNING, part.part, message, found=found, limit=limit)
