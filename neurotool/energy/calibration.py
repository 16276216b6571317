"""Predictions beside published measurements.

``python -m neurotool.energy.calibration docs/calibration.md`` renews them.

The workloads and what is known of them are data: ``neurotool/energy/data/calibration.yaml``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from neurotool.chips import load_chip, load_device
from neurotool.energy.bands import Band
from neurotool.energy.estimate import estimate
from neurotool.energy.lines import Term
from neurotool.energy.parts import PartEnergy
from neurotool.energy.published import counted_work
from neurotool.energy.split import CountedWork
from neurotool.ir.activity_counts import parse_activity_counts
from neurotool.units import format_si


@dataclass(frozen=True)
class Quantity:
    """Something that was measured: its unit, and where it stands in an estimate."""

    unit: str
    predicted: Callable[[PartEnergy, int], Band]


def _over(band: Band, divisor: float) -> Band:
    return Band(band.low / divisor, band.nominal / divisor, band.high / divisor)


QUANTITIES = {
    "dynamic": Quantity("J", lambda part, _: part.dynamic["cores"]),
    "above-boot-idle": Quantity("J", lambda part, _: part.dynamic["above-boot-idle"]),
    "standing": Quantity("J", lambda part, _: part.terms[Term.STATIC] + part.terms[Term.HOST]),
    "total": Quantity("J", lambda part, _: part.total),
    "latency": Quantity("s", lambda part, _: part.seconds),
    "step time": Quantity("s", lambda part, steps: _over(part.latency["steps"], steps)),
    "power": Quantity("W", lambda part, _: _over(part.total, part.seconds.nominal)),
    "static power": Quantity("W", lambda part, _: _over(part.terms[Term.STATIC], part.seconds.nominal)),
}
"""By the name that the data file uses."""


@dataclass(frozen=True)
class Check:
    """One measurement and what the model says.

    Attributes:
        key: Key of the workload.
        title: What ran, for people.
        run: Steps, cores and neurons, for people.
        quantity: What was measured.
        unit: Unit of both figures.
        predicted: The model's figure.
        measured: The published one.
        bound: The prediction lacks events that are not published, and so is a lower bound.
    """

    key: str
    title: str
    run: str
    quantity: str
    unit: str
    predicted: Band
    measured: float
    bound: bool

    @property
    def ratio(self) -> float:
        """Nominal prediction over measurement."""
        return self.predicted.nominal / self.measured

    @property
    def inside(self) -> bool:
        """Whether the measurement lies in the band."""
        return self.predicted.low <= self.measured <= self.predicted.high

    @property
    def verdict(self) -> str:
        """Inside or not; a lower bound that the measurement exceeds is no miss."""
        if self.inside:
            return "yes"
        return "above, as a lower bound allows" if self.bound and self.measured > self.predicted.high else "**no**"


def workloads() -> list[dict[str, Any]]:
    """Read the published workloads."""
    text = resources.files("neurotool.energy").joinpath("data", "calibration.yaml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)
    return found


def checks() -> Iterator[Check]:
    """Predict every published measurement."""
    for workload in workloads():
        for run in workload["runs"]:
            yield from _checks(workload, run)


def _checks(workload: dict[str, Any], run: dict[str, Any]) -> Iterator[Check]:
    chip, device = load_chip(workload["chip"]), load_device("cpu-generic")
    (part,) = estimate([_work(workload, run)], [], chip, device).parts
    for name, measured in run["measured"].items():
        quantity = QUANTITIES[name]
        about = {
            "steps": run["steps"] if run["steps"] > 1 else None,
            "cores": run["cores"],
            "chips": run.get("chips"),
            "neurons": run.get("neurons"),
        }
        yield Check(
            key=workload["key"],
            title=workload["title"],
            run=", ".join(f"{n:,} {what if n > 1 else what.removesuffix('s')}" for what, n in about.items() if n),
            quantity=name,
            unit=quantity.unit,
            predicted=quantity.predicted(part, run["steps"]),
            measured=float(measured),
            # Standing power alone is all of `standing` and `static power`, but not of what follows from events.
            bound="synops" not in run and name not in ("standing", "static power"),
        )


def _work(workload: dict[str, Any], run: dict[str, Any]) -> CountedWork:
    counts = {
        "schema": "neurotool.activity/1",
        "name": workload["title"],
        "source": workload["source"],
        "date": str(workload["date"]),
        "evidence": "recorded rates",
        "steps": run["steps"],
        "cores": run["cores"],
        "chips": run.get("chips", 1),
        "latency": run.get("latency"),
        "layers": [_layer(run)] if "neurons" in run else [],
    }
    return counted_work(parse_activity_counts(counts, workload["key"]), load_chip(workload["chip"]))


def _layer(run: dict[str, Any]) -> dict[str, Any]:
    updates = run["neurons"] * run["steps"]
    active = updates * run["active"]
    return {
        "name": "all",
        "neurons": run["neurons"],
        "updates": {"active": active, "inactive": updates - active},
        "spikes": run.get("spikes", 0),
        "synops": run.get("synops", {}),
    }


def table() -> str:
    """Write all predictions and measurements as a Markdown table."""
    found = list(checks())
    lines = [
        "| workload | run | quantity | predicted | band | measured | predicted / measured | inside the band |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for check in found:
        band, unit = check.predicted, check.unit
        spread = f"{format_si(band.low, unit)} to {format_si(band.high, unit)}"
        figures = f"{format_si(band.nominal, unit)} | {spread} | {format_si(check.measured, unit)}"
        what = f"{check.key} {check.title} | {check.run} | {check.quantity}"
        lines.append(f"| {what} | {figures} | {check.ratio:.2f} | {check.verdict} |")
    inside = sum(check.inside for check in found)
    full = [check for check in found if not check.bound]
    return "\n".join(lines) + (
        f"\n\nInside the band: {inside} of {len(found)}; of those that lack no events, "
        f"{sum(check.inside for check in full)} of {len(full)}.\n"
    )


def details() -> str:
    """Write what is known of each workload, and what it shares with the constants, as a Markdown list."""
    lines = []
    for each in workloads():
        shared = f" Shared with the constants: {each['shares'].strip()}" if "shares" in each else ""
        text = (
            f"- **{each['key']} {each['title']}** ({each['chip']}; {each['source']}). {each['detail'].strip()}{shared}"
        )
        lines.append(text)
    return "\n".join(lines) + "\n"


def fill(text: str) -> str:
    """Renew a Markdown page between ``<!-- calibration -->`` or ``<!-- workloads -->`` and ``<!-- end -->``."""
    for name, written in (("calibration", table()), ("workloads", details())):
        renewed = f"<!-- {name} -->\n{written}<!-- end -->"
        text = re.sub(rf"<!-- {name} -->\n.*?<!-- end -->", renewed.replace("\\", r"\\"), text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
