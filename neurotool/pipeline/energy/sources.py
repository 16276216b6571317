"""Estimates energy from what there is: samples to run, the rates that a bundle keeps, or published counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neurotool.errors import UsageError
from neurotool.pipeline.energy.estimate import estimate_counts, estimate_energy
from neurotool.pipeline.energy.options import EnergyOptions
from neurotool.pipeline.energy.rates import estimate_rates
from neurotool.pipeline.results import EnergyResult, StageProgress
from neurotool.pipeline.samples import Encode


def estimate_from(
    bundle: Path | None,
    data: Path | None,
    activity: Path | None,
    *,
    encode: Encode = None,
    steps: int | None = None,
    limit: int | None = None,
    options: EnergyOptions | None = None,
    progress: StageProgress | None = None,
) -> EnergyResult:
    """Estimate energy and latency per inference.

    Args:
        bundle: The bundle; None with ``activity``.
        data: Samples to run; None for the mean spike rates of the calibration data.
        activity: File of published counts, in place of bundle and data.
        encode: Encoder of the samples, or None for the one of the calibration.
        steps: Time steps of an input, or None likewise.
        limit: Use only the first samples.
        options: What to estimate for.
        progress: Told of the progress of the run.

    Raises:
        UsageError: There is neither bundle nor counts, an option means nothing for what there is, or a file is none of
            its kind.
        NegativeAnswerError: A spiking part does not fit on the chip.
    """
    wanted = options or EnergyOptions()
    about_samples = {"--encode": encode, "--limit": limit}
    if activity is not None:
        _refuse({"BUNDLE": bundle, "--input": data, "--steps": steps, **about_samples}, "--activity gives the counts")
        return estimate_counts(activity, wanted)
    if bundle is None:
        raise UsageError("a bundle is needed", hint="or --activity COUNTS.json --chip NAME")
    if data is None:
        _refuse(about_samples, "without --input there are no samples")
        return estimate_rates(bundle, steps=steps, options=wanted)
    return estimate_energy(bundle, data, encode=encode, steps=steps, limit=limit, options=wanted, progress=progress)


def _refuse(given: Mapping[str, object], why: str) -> None:
    """Refuse what says something about samples where there are none."""
    found = [name for name, value in given.items() if value is not None]
    if found:
        raise UsageError(f"{why}; {', '.join(found)} cannot be given too")
