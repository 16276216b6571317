"""The spike rate at which the split model needs as much energy as something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from scipy.optimize import brentq

from neurotool.chips import Chip, Device
from neurotool.energy.bands import Extremes
from neurotool.energy.compare import Alternative
from neurotool.energy.events import ChipWork, LayerEvents
from neurotool.energy.lines import Term, total
from neurotool.energy.split import CountedWork, DenseWork, price_split


class Verdict(StrEnum):
    """How the split model compares over all spike rates from silence to every neuron in every step."""

    CROSSES = "as much at this rate"
    NEVER = "more at any rate, even in silence"
    ALWAYS = "less at any rate"


class Basis(StrEnum):
    """Which energies meet."""

    TOTAL = "total"  # what is drawn while the inference runs
    DYNAMIC = "dynamic"  # what events, or the work of the device, add to being powered


@dataclass(frozen=True)
class BreakEven:
    """Where the nominal energies of the split model and of an alternative meet.

    Attributes:
        against: The alternative.
        batch: Its batch.
        basis: Whether totals or dynamic energies meet.
        verdict: Whether they meet.
        rate: Spikes per neuron and step where they do.
        measured: Spikes per neuron and step of the activity itself.
    """

    against: str
    batch: int
    basis: Basis
    verdict: Verdict
    rate: float | None
    measured: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "against": self.against,
            "batch": self.batch,
            "basis": self.basis.value,
            "verdict": self.verdict.value,
            "spikes_per_neuron_and_step": self.rate,
            "of_the_activity": self.measured,
        }


def break_even(
    spiking: Sequence[CountedWork],
    dense: Sequence[DenseWork],
    chip: Chip,
    device: Device,
    alternatives: Sequence[Alternative],
) -> tuple[BreakEven, ...]:
    """Find the break-even rates.

    All neurons and inputs fire more or less often by one factor, bias axons aside, which fire in every step; which
    updates are active, and what crosses the link, stay as they are. Energy grows with the factor, so there is one
    crossing at most.

    Args:
        spiking: Spiking parts with their events.
        dense: Dense parts, which cost the same at any rate.
        chip: Where the spiking parts run.
        device: Where the dense parts run.
        alternatives: What to compare with.

    Returns:
        For each alternative one of the totals and one of the dynamic energies; none where no neuron fires, since a
        factor of silence is silence.
    """
    rate = mean_rate(spiking)
    if rate <= 0.0:
        return ()

    def energy(factor: float, basis: Basis) -> float:
        values, term = Extremes(()), Term.DYNAMIC if basis is Basis.DYNAMIC else None
        at_rate = [replace(each, work=each.work.at_rate(factor)) for each in spiking]
        priced = price_split(at_rate, dense, chip, device, values)
        return sum(float(total(each.lines, term)[0]) for each in priced)

    found = []
    for other in alternatives:
        for basis, limit in ((Basis.TOTAL, other.energy.nominal), (Basis.DYNAMIC, other.dynamic.nominal)):
            verdict, factor = _meet(partial(energy, basis=basis), 1.0 / rate, limit)
            crossing = None if factor is None else factor * rate
            found.append(BreakEven(other.name, other.batch, basis, verdict, crossing, rate))
    return tuple(found)


def _meet(energy: Callable[[float], float], largest: float, limit: float) -> tuple[Verdict, float | None]:
    """The factor from 0 to ``largest`` at which a growing energy reaches a limit, if it does."""
    if energy(0.0) > limit:
        return Verdict.NEVER, None
    if energy(largest) < limit:
        return Verdict.ALWAYS, None
    return Verdict.CROSSES, float(brentq(lambda factor: energy(factor) - limit, 0.0, largest))


def mean_rate(spiking: Sequence[CountedWork]) -> float:
    """Spikes per neuron and step over all neurons on the chip that hear anything; 0 where there are none."""
    layers = [layer for each in spiking for layer in _hearing(each.work)]
    updates = sum(layer.updates_active + layer.updates_inactive for layer in layers)
    return sum(layer.firing for layer in layers) / updates if updates else 0.0


def _hearing(work: ChipWork) -> list[LayerEvents]:
    """Layers whose neurons do not fire by their bias alone."""
    alone = {layer.name for layer in work.steady if layer.firing}
    return [layer for layer in work.layers if layer.name not in alone]
