"""What was compared with what, and whether it agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid

if TYPE_CHECKING:
    from neurotool.verify import Certificate, PairResult


def summary(certificate: Certificate) -> list[RenderableType]:
    """The runs, the comparisons, every layer of each, and what is over its tolerance."""
    text: list[RenderableType] = [runs(certificate), pairs(certificate), layers(certificate)]
    text += [verdict(certificate), *(_failed(pair) for pair in certificate.pairs if not pair.passed)]
    if "neurotool" in certificate.owners.values():
        ours = ", ".join(model for model, owner in certificate.owners.items() if owner == "neurotool")
        text.append(f"On Lava, {escape(ours)} is a process of neurotool's own, so agreement there proves less.")
    return text


def runs(certificate: Certificate) -> Table:
    """One row per run: what it computes with and how often it is right."""
    table = grid("Runs", "run", "neurons in", ">samples", ">accuracy", "with")
    for run in certificate.runs:
        accuracy = "" if run.accuracy is None else f"{run.accuracy:.2%}"
        table.add_row(run.name, run.arithmetic.value, f"{run.samples:,}", accuracy, escape(run.detail))
    return table


def pairs(certificate: Certificate) -> Table:
    """One row per comparison."""
    table = grid("Comparisons", "", "runs", ">samples", "spikes that differ", ">accuracy", "may differ by")
    for pair in certificate.pairs:
        mark = "[green]agree[/]" if pair.passed else "[red]differ[/]"
        accuracy = "" if pair.correct is None else " → ".join(f"{c / pair.samples:.2%}" for c in pair.correct)
        table.add_row(mark, _title(pair), f"{pair.samples:,}", differing(pair), accuracy, pair.tolerance.reason)
    return table


def layers(certificate: Certificate) -> Table:
    """One row per comparison and layer."""
    table = grid("Layers", "runs", "layer", ">differ", ">of", ">cosine", ">shift", ">rates", "")
    for row in certificate.rows():
        figures = (f"{row.differing:,}", f"{row.slots:,}", f"{row.cosine:.4f}", str(row.shift))
        table.add_row(row.pair, escape(row.layer), *figures, f"{row.rate_a:.2%}", f"{row.rate_b:.2%}")
    return table


def verdict(certificate: Certificate) -> str:
    """The answer in one line."""
    if certificate.passed:
        return "[bold green]All agree within their tolerances.[/]"
    failed = sum(not pair.passed for pair in certificate.pairs)
    return f"[bold red]{failed} of {len(certificate.pairs)} comparisons are over their tolerance.[/]"


def differing(pair: PairResult) -> str:
    """``0 of N spikes differ``, or how many of the first run's spikes the second lacks and how many it adds."""
    if pair.differing == 0:
        return f"0 of {pair.spikes:,} spikes differ"
    other = sum(layer.spikes_b for layer in pair.layers.values())
    missing = (pair.differing + pair.spikes - other) // 2
    return f"of {pair.spikes:,} spikes {missing:,} are missing, {pair.differing - missing:,} are new"


def _failed(pair: PairResult) -> str:
    lines = [f"[red]{_title(pair)}[/]", *(f"  {escape(failure)}" for failure in pair.failures)]
    if pair.first is not None:
        point = pair.first.point
        where = f"layer {pair.first.layer}, step {point.step}, sample {point.sample}, neuron {tuple(point.neuron)}"
        lines.append(f"  first difference: {escape(where)}")
        for run, values in pair.first.values.items():
            lines.append(f"    {run}: " + escape(", ".join(f"{name} {value:g}" for name, value in values.items())))
    return "\n".join(lines)


def _title(pair: PairResult) -> str:
    return f"{pair.a} → {pair.b}"
