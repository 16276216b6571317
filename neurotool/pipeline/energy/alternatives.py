"""What is known of alternatives to a bundle: accuracies that its runs recorded, and the estimates of other bundles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from neurotool.energy.accuracy import Accuracy, Kind
from neurotool.energy.bands import Band
from neurotool.energy.compare import Alternative
from neurotool.errors import UsageError
from neurotool.ir.bundle import Bundle
from neurotool.ir.runs import Run

FLOAT_RUNS = ("gpu", "float")
"""Names under which runs and certificates record the float reference, which is what a GPU runs."""


def recorded_accuracy(bundle: Bundle, data_sha256: str, samples: int) -> Accuracy | None:
    """Accuracy of the float reference in the newest run or certificate of this bundle as it is now.

    A run must have seen the same samples. A certificate does not say what data it saw, only of how many samples; those
    must be as many, and its source says so.

    Args:
        bundle: The bundle.
        data_sha256: Digest of the data that the estimate is for.
        samples: Samples of it.
    """
    for run in reversed(bundle.runs()):
        if run.record.manifest_sha256 == bundle.sha256:
            for found in _float_accuracies(run, data_sha256, samples):
                return found
    return None


def _float_accuracies(run: Run, data_sha256: str, samples: int) -> Iterator[Accuracy]:
    if run.record.kind == "run":
        kept = _read(run.path / "run.json")
        data = kept.get("data", {})
        same = data.get("sha256") == data_sha256 and data.get("samples") == samples
        if kept.get("target") in FLOAT_RUNS and same:
            yield from _accuracy(kept.get("accuracy"), f"run {run.record.id}")
    if run.record.kind == "verify":
        for each in _read(run.path / "certificate.json").get("runs", ()):
            if each.get("name") in FLOAT_RUNS and each.get("samples") == samples:
                yield from _accuracy(each.get("accuracy"), f"certificate {run.record.id}, {each['samples']} samples")


def _accuracy(value: float | None, source: str) -> Iterator[Accuracy]:
    if value is not None:
        yield Accuracy(accuracy=value, source=source)


def estimated_before(bundles: Iterable[Path]) -> tuple[Alternative, ...]:
    """The newest estimate of other bundles for the same task, as alternatives.

    Raises:
        UsageError: One is no bundle, or holds no estimate that was made with ``--compare``.
    """
    return tuple(_newest(path) for path in bundles)


def _newest(path: Path) -> Alternative:
    runs = [run for run in Bundle.open(path).runs() if run.record.kind == "energy"]
    kept = [found for run in runs if (found := _read(run.path / "energy.json").get("comparison"))]
    if not kept:
        raise UsageError(
            f"--compare-with: {path} holds no estimate to compare with",
            hint=f"neurotool estimate-energy {path} --input FILE --compare",
        )
    first = kept[-1]["alternatives"][0]

    def band(name: str) -> Band:
        return Band(**first[name])

    return Alternative(
        name=f"{first['name']} ({path.name})",
        where=first["where"],
        batch=first["batch"],
        energy=band("energy_J"),
        dynamic=band("dynamic_J"),
        latency=band("latency_s"),
        accuracy=first["accuracy"],
        accuracy_source=first.get("accuracy_source", ""),
        kind=Kind.SPLIT,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
