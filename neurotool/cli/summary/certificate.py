"""What was compared with what, and whether it agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid
from neurotool.verify.rows import accuracy, begins, place

if TYPE_CHECKING:
    from neurotool.verify import Bisection, Certificate, Culprit, Divergence, MembraneError, PairResult


def summary(certificate: Certificate) -> list[RenderableType]:
    """The runs, the comparisons, every output and layer of each, and what is over its tolerance."""
    text: list[RenderableType] = [runs(certificate), pairs(certificate)]
    if any(pair.outputs for pair in certificate.pairs):
        text.append(outputs(certificate))
    text.append(layers(certificate))
    if any(pair.first is not None for pair in certificate.pairs):
        text.append(firsts(certificate))
    if certificate.bisection is not None:
        text.append(stages(certificate.bisection))
        text += [culprit(found) for found in (certificate.bisection.culprit(),) if found is not None]
        text += [escape(note) for note in certificate.bisection.notes]
    text += [
        *not_compared(certificate),
        verdict(certificate),
        *(_failed(pair) for pair in certificate.pairs if not pair.passed),
    ]
    if "neurotool" in certificate.owners.values():
        ours = ", ".join(model for model, owner in certificate.owners.items() if owner == "neurotool")
        text.append(f"On Lava, {escape(ours)} is a process of neurotool's own, so agreement there proves less.")
    return text


def not_compared(certificate: Certificate) -> list[str]:
    """One line for each form that was left out: why, and what would bring it."""
    return [f"[yellow]{escape(str(each))}[/]" for each in certificate.omitted]


def runs(certificate: Certificate) -> Table:
    """One row per run: what it computes with and how often it is right."""
    table = grid("Runs", "run", "neurons in", ">samples", ">accuracy", "with")
    for run in certificate.runs:
        right = "" if run.accuracy is None else f"{run.accuracy:.2%}"
        table.add_row(run.name, run.arithmetic.value, f"{run.samples:,}", right, escape(run.detail))
    return table


def pairs(certificate: Certificate) -> Table:
    """One row per comparison."""
    table = grid("Comparisons", "", "runs", ">samples", "spikes that differ", ">accuracy", "may differ by")
    for pair in certificate.pairs:
        figures = f"{pair.samples:,}", differing(pair), accuracy(pair), pair.tolerance.reason
        table.add_row(_mark(pair.passed), pair.title, *figures)
    return table


def outputs(certificate: Certificate) -> Table:
    """One row per comparison and output of the whole model, dense parts included; it needs no labels.

    The largest difference is in the unit of the output, the relative one a share of the first run's root mean square.
    """
    title = "Outputs of the whole model, largest and relative (RMS) difference"
    table = grid(title, "", "runs", "output", ">largest", ">relative", ">may be", ">same argmax")
    for row in certificate.outputs():
        table.add_row(_mark(row.agrees), row.pair, escape(row.output), *row.figures)
    return table


def _mark(agrees: bool) -> str:
    return "[green]agree[/]" if agrees else "[red]differ[/]"


def layers(certificate: Certificate) -> Table:
    """One row per comparison and layer; the latency is that of the second run, by which it was moved back."""
    latency = {run.name: run.latency for run in certificate.runs}
    table = grid(
        "Layers", "runs", "layer", ">differ", ">of", ">cosine", ">shift", ">rates", "", ">rate error", ">latency"
    )
    for pair in certificate.pairs:
        for name, found in pair.layers.items():
            figures = (f"{found.differing:,}", f"{found.slots:,}", f"{found.cosine:.4f}", str(found.shift))
            rates = f"{found.rate_a:.2%}", f"{found.rate_b:.2%}", f"{100 * found.rate_error:+.2f}"
            table.add_row(pair.title, escape(name), *figures, *rates, str(latency[pair.b].get(name, 0)))
    return table


def firsts(certificate: Certificate) -> Table:
    """One row per comparison that finds a difference: where it begins, with the states on both sides."""
    table = grid(
        "First differences",
        "runs",
        "layer",
        ">step",
        ">sample",
        ">neuron",
        "there",
        "potentials before, mean and largest",
    )
    for pair in certificate.pairs:
        if pair.first is not None:
            point, error = pair.first.point, pair.membrane
            there = "\n".join(escape(line) for line in _sides(pair.first))
            apart = (
                ""
                if error is None or not error.steps
                else f"{_share(error.rms, error)} and {_share(error.largest, error)} of the threshold off"
            )
            where = str(point.step), str(point.sample), ", ".join(map(str, point.neuron))
            table.add_row(pair.title, escape(pair.first.layer), *where, there, apart)
    return table


def _share(value: float, error: MembraneError) -> str:
    return f"{value / error.height:.2%}" if error.height else f"{value:.3g}"


def _sides(first: Divergence) -> list[str]:
    """What each run has at the first difference: its states as recorded, and the potential in the model's units."""
    lines = []
    for run, values in first.values.items():
        shown = [f"{name} {value:.5g}" for name, value in values.items() if value is not None]
        potential = first.potentials.get(run)
        if potential is not None and potential != values.get("v"):
            shown.append(f"which is {potential:.5g}")
        lines.append(f"{run}: {', '.join(shown)}")
    if first.threshold is not None:
        lines.append(f"threshold: {first.threshold:.5g}")
    return lines


def stages(bisection: Bisection) -> Table:
    """One row per stage of the conversion: what it changes, and where that begins."""
    title = f"Stages of the conversion, each beside the one before it, on {bisection.samples:,} samples"
    table = grid(title, "", "stage", "does", ">differ", ">cosine", ">since first", "begins at")
    for stage in bisection.stages:
        mark = "[red]wrong[/]" if stage.wrong else "[green]right[/]"
        if stage.pair is None or stage.total is None:
            table.add_row(mark, escape(stage.name), escape(stage.does))
            continue
        worst = min((layer.cosine for layer in stage.pair.layers.values()), default=1.0)
        figures = f"{stage.pair.differing:,}", f"{worst:.4f}", f"{stage.total.differing:,}"
        first = stage.pair.first
        where = "" if first is None else place(first.layer, first.point)
        table.add_row(mark, escape(stage.name), escape(stage.does), *figures, escape(where))
    return table


def culprit(found: Culprit) -> str:
    """The stage that the difference comes from, in a sentence, and why."""
    where = f" It begins in {begins(found)}." if found.point else ""
    if not found.wrong:
        return f"Most of it comes from [bold]{escape(found.stage)}[/] ({escape(found.does)}).{escape(where)}"
    reasons = "\n".join(f"  {escape(reason)}" for reason in found.reasons)
    return f"[bold red]Wrong: {escape(found.stage)}[/] ({escape(found.does)}).{escape(where)}\n{reasons}"


def verdict(certificate: Certificate) -> str:
    """The answer in one line."""
    if certificate.passed:
        return "[bold green]All agree within their tolerances.[/]"
    wrong = certificate.bisection.wrong if certificate.bisection else ()
    if wrong and all(pair.passed for pair in certificate.pairs):
        return f"[bold red]All agree within their tolerances, but {escape(wrong[0].name)} is wrong.[/]"
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
    lines = [f"[red]{pair.title}[/]", *(f"  {escape(failure)}" for failure in pair.failures)]
    return "\n".join(lines)
