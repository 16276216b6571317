"""What one inference costs: of a bundle, from the activity that data causes, or of published counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from neurotool.chips import Chip, Device, available_chips, available_devices, load_chip, load_device
from neurotool.chips.override import override, read_overrides
from neurotool.energy import EnergyReport, SpikingWork, count_work, estimate
from neurotool.energy.accuracy import read_accuracies
from neurotool.energy.comparison import Comparison, compare
from neurotool.energy.crosscheck import CrossCheck, cross_check
from neurotool.energy.crosscheck.compare import require_sanafe
from neurotool.energy.neurobench import neurobench
from neurotool.energy.published import counted_work
from neurotool.errors import UsageError, reason
from neurotool.ir.activity_counts import read_activity_counts
from neurotool.ir.adapters import RunOptions
from neurotool.ir.bundle import Bundle
from neurotool.pipeline.energy.alternatives import estimated_before
from neurotool.pipeline.energy.dense_work import dense_work, spiking_work, task_of, time_steps, write_text
from neurotool.pipeline.energy.figures import FIGURES, draw_energy
from neurotool.pipeline.energy.options import GPU, EnergyOptions
from neurotool.pipeline.inspection.layouts import placement_for
from neurotool.pipeline.numbers import optional_whole
from neurotool.pipeline.results import EnergyResult, StageProgress, progress_of
from neurotool.pipeline.runs import result_files
from neurotool.pipeline.runs.model import Model, model_inputs
from neurotool.pipeline.samples import Encode, read_data

ACTIVITY_TARGET = "loihi"
"""The engine that measures the activity: exact, and fast enough for whole data sets."""


def estimate_energy(
    path: Path,
    data: Path,
    *,
    encode: Encode = None,
    steps: int | None = None,
    limit: int | None = None,
    options: EnergyOptions | None = None,
    progress: StageProgress | None = None,
) -> EnergyResult:
    """Estimate energy and latency per inference from the activity that a data file causes.

    Args:
        path: The bundle.
        data: Data file.
        encode: Encoder, or None for the one of the calibration.
        steps: Time steps to encode into, or None likewise.
        limit: Use only the first samples.
        options: What to estimate for.
        progress: Told of the progress of the run.

    Raises:
        UsageError: A file is none of its kind or cannot be written, or a constant has no source.
        NegativeAnswerError: A spiking part does not fit on the chip.
    """
    wanted = options or EnergyOptions()
    limit, steps = optional_whole("--limit", limit, 1), optional_whole("--steps", steps, 1)
    check_places(wanted)
    if wanted.cross_check is not None:
        require_sanafe()
    known = {} if wanted.accuracies is None else read_accuracies(wanted.accuracies)
    others = estimated_before(wanted.compare_with)
    model = Model(Bundle.open(path))
    chip, device, gpu = places(wanted, model.bundle.manifest.options.chip)
    dataset = read_data(data, model.bundle.manifest.inputs, encode, steps)
    dataset = dataset if limit is None else dataset.take(limit)
    running = RunOptions(progress=progress_of("activity", progress))
    execution = model.execute(model_inputs(model, dataset), ACTIVITY_TARGET, running)
    spiking = [
        SpikingWork(
            name,
            program,
            placement_for(model.bundle, name, program, chip),
            execution.traces[name],
            model.crossing_once(name),
        )
        for name, program in model.programs.items()
    ]
    counted, dense = [count_work(work, chip) for work in spiking], dense_work(model, execution)
    whole = spiking_work(model, dense, time_steps(execution, dataset))
    report = estimate(counted, dense, chip, device, whole=whole, seed=wanted.seed)
    compared = None
    if wanted.compare:
        task = replace(task_of(model, execution, dataset, known), others=others)
        compared = compare(report, counted, dense, (chip, device), task, gpu)
    if wanted.neurobench is not None:
        write_text(wanted.neurobench, json.dumps(neurobench(spiking, dense), indent=2) + "\n", "--neurobench")
    checks = tuple(cross_check(work, chip) for work in spiking) if wanted.cross_check else ()
    return keep(model.bundle, report, compared, checks, wanted)


def estimate_counts(path: Path, options: EnergyOptions) -> EnergyResult:
    """Estimate energy and latency per inference from a file of published counts.

    Args:
        path: File of counts (``docs/schema/activity.schema.json``).
        options: What to estimate for; the chip must be named.

    Raises:
        UsageError: The file is not one of counts, no chip is named, or something was asked for that needs a model.
    """
    if options.chip is None:
        raise UsageError("--activity needs a chip", hint=f"add --chip {' or --chip '.join(available_chips())}")
    needs_model = {
        "--compare": options.compare,
        "--neurobench": options.neurobench is not None,
        "--cross-check": options.cross_check is not None,
    }
    refused = [name for name, given in needs_model.items() if given]
    if refused:
        raise UsageError(f"{', '.join(refused)} needs a model, and --activity gives counts alone")
    check_places(options)
    chip, device, _ = places(options, options.chip)
    counts = read_activity_counts(path)
    report = estimate([counted_work(counts, chip)], [], chip, device, seed=options.seed)
    if options.figures is None:
        return EnergyResult(report, None)
    made, notes = _drawn(report, None, options.figures)
    return EnergyResult(report, None, tuple(options.figures / name for name in made), notes=notes)


def places(options: EnergyOptions, chip: str) -> tuple[Chip, Device, Device]:
    """Chip, device and GPU, each with the constants that replace its own."""
    overrides = read_overrides(options.constants)
    places = load_chip(options.chip or chip), load_device(options.device), load_device(options.gpu or GPU)
    known = {*available_chips(), *available_devices(), *(place.name for place in places)}
    unknown = [name for name in overrides if name not in known]
    if unknown:
        raise UsageError(
            f"{overrides[unknown[0]][0]}: there is no chip or device named {unknown[0]!r}",
            hint=f"use one of {', '.join(sorted(known))}",
        )
    found, device, gpu = places
    return override(found, overrides), override(device, overrides), override(gpu, overrides)


def keep(
    bundle: Bundle,
    report: EnergyReport,
    compared: Comparison | None,
    checks: tuple[CrossCheck, ...],
    options: EnergyOptions,
) -> EnergyResult:
    """Write the report and its figures among the runs of a bundle; figures that cannot be drawn cost no report."""
    with bundle.new_run("energy") as writer:
        kept = report.to_json() | ({} if compared is None else {"comparison": compared.to_json()})
        kept |= {"cross_check": [check.to_json() for check in checks]} if checks else {}
        writer.write_json("energy.json", kept)
        made, notes = _drawn(report, compared, writer.path("energy.json").parent) if options.plot else ((), ())
    figures = tuple(writer.run.path / name for name in made)
    if options.figures is not None:
        figures = result_files.copied(figures, options.figures)
    return EnergyResult(report, writer.run.path, figures, compared, checks, notes)


def check_places(options: EnergyOptions) -> None:
    """Refuse what could not be written, before anything is run.

    Raises:
        UsageError: A file or figure is there already, or its folder cannot be written to.
    """
    if options.neurobench is not None:
        result_files.check(options.neurobench, options.force, "--neurobench", (".json",))
    if options.figures is not None:
        result_files.check_folder(options.figures, FIGURES, options.force)


def _drawn(report: EnergyReport, compared: Comparison | None, folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Draw into a folder, which is made if it is missing; return the names of the figures, and why there are none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return draw_energy(report, lambda name: folder / name, compared), ()
    except (OSError, UsageError) as error:
        return (), (f"The figures were not drawn: {reason(error)}.",)
