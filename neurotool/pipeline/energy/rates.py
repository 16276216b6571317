"""What one inference of a bundle costs at the spike rates that its calibration recorded: no data, no run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurotool.energy import CountedWork, EnergyReport, estimate, expected
from neurotool.errors import UsageError
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.manifest import InputRecord, Manifest
from neurotool.pipeline.energy.dense_work import dense_work, spiking_work
from neurotool.pipeline.energy.estimate import ACTIVITY_TARGET, check_places, keep, places
from neurotool.pipeline.energy.options import EnergyOptions
from neurotool.pipeline.inspection.layouts import placement_for
from neurotool.pipeline.numbers import optional_whole
from neurotool.pipeline.results import EnergyResult
from neurotool.pipeline.runs.model import Model


def estimate_rates(path: Path, *, steps: int | None = None, options: EnergyOptions | None = None) -> EnergyResult:
    """Estimate energy and latency per inference from the mean spike rates that the bundle keeps with its layout.

    Populations without a recorded rate are taken to fire in 10 % of the steps, with a range that widens the band.

    Args:
        path: The bundle.
        steps: Time steps of the input, or None for those of the calibration.
        options: What to estimate for; nothing that needs a run.

    Raises:
        UsageError: A file is none of its kind, the steps are not known, or something was asked for that needs a run.
        NegativeAnswerError: A spiking part does not fit on the chip.
    """
    wanted, given = options or EnergyOptions(), optional_whole("--steps", steps, 1)
    check_places(wanted)
    needs = {"--compare": wanted.compare, "--neurobench": wanted.neurobench, "--cross-check": wanted.cross_check}
    refused = [name for name, given in needs.items() if given]
    if refused:
        raise UsageError(f"{', '.join(refused)} needs a run on samples", hint="add --input FILE")
    model = Model(Bundle.open(path))
    manifest = model.bundle.manifest
    known = _own_steps(manifest) or given or next((each.steps for each in manifest.inputs if each.steps), None)
    if known is None:
        raise UsageError(f"{path} does not say how many time steps an input has", hint="add --steps N or --input FILE")
    chip, device, _ = places(wanted, manifest.options.chip)
    counted: list[CountedWork] = []
    for name, program in model.programs.items():
        placement = placement_for(model.bundle, name, program, chip)
        once = model.crossing_once(name)
        counted.append(expected(name, program, placement, chip, known, placement.rates, once=once))
    # Silence goes through, since only the shapes of what enters the dense parts matter.
    silence = {each.name: _silent(each, known) for each in manifest.inputs}
    dense = dense_work(model, model.execute(silence, ACTIVITY_TARGET, RunOptions()))
    whole = spiking_work(model, dense, known)
    report: EnergyReport = estimate(counted, dense, chip, device, whole=whole, seed=wanted.seed)
    return keep(model.bundle, report, None, (), wanted)


def _own_steps(manifest: Manifest) -> int:
    """Steps that a model makes of inputs that have no time axis, 0 where they have one."""
    if any(each.timed for each in manifest.inputs):
        return 0
    return max((boundary.steps for boundary in manifest.boundaries), default=0)


def _silent(entering: InputRecord, steps: int) -> Array:
    shape = (steps, 1, *entering.shape) if entering.timed else (1, *entering.shape)
    return np.zeros(shape, np.float32)
