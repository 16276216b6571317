"""Estimates what one inference of a split model costs: the one entry to this package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from neurotool.chips import Chip, Constant, Device
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.energy.bands import Draws, Values
from neurotool.energy.boundary import crossings
from neurotool.energy.counts import count
from neurotool.energy.dense import price_dense
from neurotool.energy.events import events_of
from neurotool.energy.lines import Priced
from neurotool.energy.model import RATES
from neurotool.energy.parts import PartEnergy
from neurotool.energy.report import EnergyReport, Evidence
from neurotool.energy.split import CountedWork, DenseWork, price_split
from neurotool.energy.summary import summarise
from neurotool.energy.tornado import tornado
from neurotool.errors import UsageError
from neurotool.ir.costs import DenseCounts
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace
from neurotool.units import format_si

NOTES = (
    "Energy and latency are per inference, as a mean over the samples of the activity.",
    "Dynamic is what events add to a powered, idle chip or device; static is being powered for the modelled latency; "
    "host is the processors on the chip; boundary is the link to the chip.",
    "Parts run one after the other. Waiting is what stays powered meanwhile: chips and cores while other parts "
    "compute, the device while a chip does. The computer that feeds the chip is not counted.",
    "A figure's kind is that of its weakest constant that makes up at least 5 % of it; none is measured.",
)


@dataclass(frozen=True, eq=False)
class SpikingWork:
    """A spiking part: what ran, where it lies, what it did.

    Attributes:
        part: Name of the part.
        program: What ran.
        placement: Where it lies.
        trace: What it did.
        once: Values that cross its boundaries once per inference instead of step by step.
    """

    part: str
    program: ChipProgram
    placement: Placement
    trace: Trace
    once: frozenset[str] = frozenset()


def count_work(work: SpikingWork, chip: Chip) -> CountedWork:
    """Count what a spiking part did.

    Raises:
        UsageError: The placement is for another chip, or the trace is not one of its program.
    """
    if work.placement.chip != chip.name:
        raise UsageError(
            f"part {work.part!r} is placed on {work.placement.chip!r}, the estimate is for {chip.name!r}",
            hint="place the program on the chip it is to be costed for",
        )
    counts = count(work.program, work.placement, work.trace, chip)
    events = events_of(work.program, counts, crossings(work.program, work.trace, work.once))
    return CountedWork(work.part, events, Evidence.MEASURED, work.trace.target, work.trace.batch)


def estimate(
    spiking: Sequence[SpikingWork | CountedWork],
    dense: Sequence[DenseWork],
    chip: Chip,
    device: Device,
    *,
    whole: DenseCounts | None = None,
    seed: int = 0,
) -> EnergyReport:
    """Estimate energy and latency of one inference.

    Args:
        spiking: Spiking parts, each with the trace of a run on realistic input, or with events that are known.
        dense: Dense parts.
        chip: Where the spiking parts run.
        device: Where the dense parts run.
        whole: Work of the whole model run densely (:func:`neurotool.energy.whole.dense_counts_of_graph`).
        seed: Seed of the bands.

    Raises:
        UsageError: A placement is for another chip, a trace is not one of its program, or the device has no figures for
            the number format of a part.
    """
    counted = [count_work(work, chip) if isinstance(work, SpikingWork) else work for work in spiking]

    def price(values: Values) -> Iterator[Priced]:
        return price_split(counted, dense, chip, device, values)

    draws = Draws(seed)
    found = [summarise(priced) for priced in price(draws)]
    parts, waiting = found[: len(counted) + len(dense)], found[len(counted) + len(dense) :]
    all_dense = None if whole is None else summarise(price_dense("whole model", whole, device, draws))
    on_device = [*parts[len(counted) :], *([all_dense] if all_dense else [])]
    window, idle = chip.power_window, device.idle
    warnings = (
        *(warning for each in counted for warning in each.warnings),
        *_unlikely_power(
            parts[: len(counted)],
            [each.work.chips for each in counted],
            (window.low * window.factor, window.high * window.factor),
            window.citation,
        ),
        *_unlikely_power(
            on_device, [1] * len(on_device), (idle.low * idle.factor, device.rating.si), "from idle to rated power"
        ),
    )
    evidence, activity = _activity(counted)
    return EnergyReport(
        parts=tuple(parts),
        waiting=waiting[0] if waiting else None,
        whole=all_dense,
        samples=min((each.samples for each in counted), default=0),
        evidence=evidence,
        activity=activity,
        tornado=tornado(price, _moving(counted, dense, chip, device)),
        seed=seed,
        warnings=warnings,
        notes=(*NOTES, *(note for each in counted for note in each.notes)),
    )


def _activity(counted: Sequence[CountedWork]) -> tuple[Evidence, str]:
    """The weakest evidence of all parts, and its text."""
    evidence = max((each.evidence for each in counted), key=list(Evidence).index, default=Evidence.NONE)
    sources = ", ".join(sorted({each.source for each in counted}))
    return evidence, f"{evidence} ({sources})" if counted else evidence.value


def _moving(
    counted: Sequence[CountedWork], dense: Sequence[DenseWork], chip: Chip, device: Device
) -> dict[str, Constant]:
    """Every constant that the parts rest on, by the name it is drawn under."""
    found: dict[str, Constant] = {}
    if counted:
        found |= {f"{chip.name}.{name}": constant for name, constant in (*chip.costs, *chip.link)}
        for work in counted:
            if work.work.rates is not None:
                found[RATES] = work.work.rates
    for each in dense:
        found |= {f"{device.name}.{name}": c for name, c in device.constants(each.counts.precision).items()}
    return found


def _unlikely_power(
    parts: Iterable[PartEnergy], units: Iterable[int], window: tuple[float, float], source: str
) -> Iterator[Diagnostic]:
    """Warn of every part whose average power per chip or device is outside a window."""
    low, high = window
    for part, chips in zip(parts, units, strict=True):
        power = part.power / chips
        if not low <= power <= high:
            found, limit = format_si(power, "W"), f"{format_si(low, 'W')} to {format_si(high, 'W')}"
            each = f" for each of {chips} chips" if chips > 1 else ""
            message = f"{part.part} on {part.where} would draw {found} on average{each}; known: {limit} ({source})"
            yield Diagnostic("NT-ENERGY-001", Severity.WARNING, part.part, message, found=found, limit=limit)
