"""What ``estimate-energy`` answers: the report as JSON values, and the same as text for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from neurotool.cli.summary import energy, energy_compared
from neurotool.cli.summary.tables import facts, next_command
from neurotool.errors import UsageError

if TYPE_CHECKING:
    from neurotool.diagnostics import Diagnostic
    from neurotool.energy import EnergyReport
    from neurotool.energy.comparison import Comparison
    from neurotool.pipeline import EnergyResult


def costed(
    source: Path | None, result: EnergyResult, dynamic: str, explain: str | None, *, detailed: bool
) -> tuple[dict[str, Any], list[RenderableType], tuple[Diagnostic, ...]]:
    """Answer of ``estimate-energy``.

    Args:
        source: Bundle or file of counts.
        result: The estimate.
        dynamic: Definition of "dynamic" to show.
        explain: Layer whose arithmetic to show alone, or None.
        detailed: Show the arithmetic of all layers.

    Raises:
        UsageError: There is no layer of that name.
    """
    report = result.report
    kept = {"bundle" if result.run_dir else "activity_file": str(source)}
    data = report.to_json() | kept | {"run": str(result.run_dir) if result.run_dir else None, "dynamic": dynamic}
    data["notes"] = [*report.notes, *result.notes]
    if explain is not None:
        rows = [row for row in report.rows() if row.name == explain]
        if not rows:
            raise UsageError(
                f"--explain: there is no layer {explain!r}", hint=f"use one of {', '.join(_names(report))}"
            )
        data["explained"] = [row.to_json() for row in rows]
        return data, [*(energy.explained(row) for row in rows)], report.warnings
    text: list[RenderableType] = [energy.layers(report), energy.terms(report, dynamic), energy.totals(report)]
    if report.tornado:
        text.append(energy.swings(report))
    if result.comparison is not None:
        data["comparison"] = result.comparison.to_json()
        text += [energy_compared.alternatives(result.comparison), energy_compared.break_even(result.comparison)]
    if result.cross_checks:
        data["cross_check"] = [check.to_json() for check in result.cross_checks]
        text += [energy_compared.second_opinion(check) for check in result.cross_checks]
    if detailed:
        text.append(energy.sources(report.rows()))
    notes = (
        *report.notes,
        *result.notes,
        *(result.comparison.notes if result.comparison else ()),
        *dict.fromkeys(note for check in result.cross_checks for note in check.notes),
    )
    about = {
        "activity": report.activity + (f", {report.samples} samples" if report.samples else ""),
        "how to read": notes,
        "accuracies": _accuracies(result.comparison),
        "kept in": result.run_dir,
        "figures": tuple(path.name for path in result.figures),
    }
    following = [next_command("neurotool", "inspect", str(source))] if result.run_dir else []
    return data, [*text, facts("", about), *following], report.warnings


def _names(report: EnergyReport) -> list[str]:
    return list(dict.fromkeys(row.name for row in report.rows()))


def _accuracies(comparison: Comparison | None) -> tuple[str, ...]:
    """Who says how accurate each alternative is; nothing is said of those nobody knows."""
    if comparison is None:
        return ()
    known = {each.name: each for each in comparison.alternatives if each.accuracy_source}
    return tuple(f"{name}: {each.accuracy_source}" for name, each in known.items())
