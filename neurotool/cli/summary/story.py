"""The demo in a few lines that need no knowledge of the tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType

from neurotool.cli.summary.certificate import differing
from neurotool.cli.summary.energy import joules, spread
from neurotool.cli.summary.tables import facts

if TYPE_CHECKING:
    from neurotool.energy import EnergyReport
    from neurotool.ir.placement import Placement
    from neurotool.pipeline import DemoResult
    from neurotool.verify import Certificate


def in_short(result: DemoResult) -> RenderableType:
    """Accuracy on the way to the chip, agreement of Lava and the engine, resources, and energy with its range."""
    proof, report = result.verified.certificate, result.energy.report
    return facts(
        "In short",
        {
            "accuracy": accuracies(proof),
            "Lava and the integer engine": _exact(proof),
            "on the chip": tuple(_resources(placement) for placement in result.converted.placements.values()),
            "energy per inference": _energy(report),
        },
    )


def accuracies(proof: Certificate) -> tuple[str, ...]:
    """Accuracy of every run; where one was given fewer samples, also what the run before it has on those."""
    lines = []
    pairs = {pair.b: pair for pair in proof.pairs[: len(proof.runs) - 1]}
    for run in proof.runs:
        if run.accuracy is None:
            continue
        line = f"{run.name} {run.accuracy:.2%} of {run.samples:,} samples"
        pair = pairs.get(run.name)
        if pair is not None and pair.correct is not None and run.samples < proof.runs[0].samples:
            line += f" ({pair.a} on the same ones: {pair.correct[0] / pair.samples:.2%})"
        lines.append(line)
    return tuple(lines)


def _exact(proof: Certificate) -> str:
    pair = proof.pair("loihi", "lava")
    if pair is not None:
        return f"{differing(pair)}, over {pair.samples:,} samples"
    return ", ".join(["not compared", *(each.reason for each in proof.omitted)])


def _resources(placement: Placement) -> str:
    cores = next(r for r in placement.resources if r.name == "cores")
    fullest = max(placement.resources, key=lambda r: r.used / r.limit if r.name.endswith("per core") else 0.0)
    share = fullest.used / fullest.limit
    return f"{cores.used:g} of {cores.limit:g} cores of {placement.chip}; most used: {fullest.name}, {share:.0%}"


def _energy(report: EnergyReport) -> tuple[str, ...]:
    split = f"{joules(report.total)} ({spread(report.total, 'J')}), {report.kind.value}: chip and torch together"
    if report.whole is None:
        return (split,)
    band, device = report.whole.total, report.whole.where
    return (
        split,
        f"{joules(band)} ({spread(band, 'J')}), {report.whole.kind.value}: all in torch on {device}, unfused, batch 1",
    )
