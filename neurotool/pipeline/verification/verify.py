"""Proves that every form of a bundle's model computes the same: source, float reference, integer engine, Lava."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from neurotool.data import Samples
from neurotool.errors import NeurotoolError, UsageError
from neurotool.ir.adapters import Source, SourceOptions
from neurotool.ir.bundle import Bundle
from neurotool.neurons import MODELS
from neurotool.pipeline.adapters import can_be_read_again, program_target, read_source
from neurotool.pipeline.results import StageProgress, VerifyResult
from neurotool.pipeline.runs import result_files
from neurotool.pipeline.runs.model import Model
from neurotool.pipeline.samples import Encode, example_inputs, read_data
from neurotool.pipeline.verification.boundary_checks import checked
from neurotool.pipeline.verification.figures import FIGURES, draw_certificate
from neurotool.pipeline.verification.float_networks import meanings
from neurotool.pipeline.verification.stages import CHAIN, ENGINE, FLOAT, LAVA, SOURCE, Forms, run_form, run_source
from neurotool.runtime.schedule import Execution
from neurotool.verify import (
    QUANTISATION,
    Bisection,
    Certificate,
    Meaning,
    NamedRun,
    Tolerances,
    bisect,
    certify,
)

__all__ = ["CHAIN", "DEFAULT_LIMITS", "ENGINE", "FLOAT", "LAVA", "SOURCE", "verify"]

TUNING = replace(QUANTISATION, reason="fine-tuning")
"""Between a source and a float graph that was trained further."""

STAGES = "stages"
EVERY_FORM = "all"
ALIASES = {"engine": ENGINE}

DEFAULT_LIMITS = {LAVA: 100, STAGES: 100}
"""Lava simulates one sample after another, and there are many stages, so that they are given fewer of them."""


def verify(
    path: Path,
    data: Path,
    *,
    encode: Encode = None,
    steps: int | None = None,
    against: Sequence[str] | None = None,
    limits: int | Mapping[str, int] | None = None,
    stages: bool = True,
    plot: bool = True,
    figures: Path | None = None,
    force: bool = False,
    timeout: float | None = None,
    progress: StageProgress | None = None,
) -> VerifyResult:
    """Run the forms of a model on the same samples and compare each with the one before it.

    Args:
        path: The bundle.
        data: Data file; with labels the accuracy is compared too.
        encode: Encoder, or None for the one of the calibration.
        steps: Time steps to encode into, or None likewise.
        against: Forms to compare, of ``source``, ``float``, ``loihi`` (or ``engine``), ``lava``; None for all that the
            bundle has. A single one is compared with the engine, the engine itself with ``float``.
        limits: Largest number of samples: one for all, or by form, the ``stages`` among them and ``all`` for the rest.
        stages: Run the stages of the conversion one by one, to say which of them introduces the differences.
        plot: Draw the figures.
        figures: Directory to write the figures to as well.
        force: Replace figures that are there.
        timeout: Seconds after which a run on Lava is given up, of each part; None for as long as it makes progress.
        progress: Told of the progress of each run.

    Raises:
        UsageError: A form is unknown, or fewer than two are left, or the figures cannot be written.
        BackendMissingError: Lava is asked for and absent.
        BackendFailedError: Lava failed, or ran out of time.
    """
    if figures is not None:
        result_files.check_folder(figures, FIGURES, force)
    model = Model(Bundle.open(path))
    chain = _chain(model, against)
    for form in set(chain) - {SOURCE, FLOAT}:
        program_target(form)  # a target that is absent is better known before the others have run
    dataset = read_data(data, model.bundle.manifest.inputs, encode, steps)
    bounds = _bounds(limits, chain)
    source = _source(model, dataset, required=SOURCE in chain)
    runs: list[NamedRun] = []
    seen: dict[str, Execution] = {}
    for form in chain:
        some = dataset.take(bounds[form]) if form in bounds else dataset
        if form == SOURCE and isinstance(source, Source):
            runs.append(run_source(model, source, some))
        else:
            runs.append(run_form(model, form, some, progress, seen, timeout))
    certificate = _certify(model, dataset, runs, source if stages else None, bounds[STAGES], progress)
    with model.bundle.new_run("verify") as writer:
        checks = checked(seen)
        crossed = {"boundaries": [check.to_json() for check in checks]}
        writer.write_json("certificate.json", certificate.to_json() | crossed)
        known = _meanings(model)
        names = draw_certificate(certificate, runs, known, model.bundle.manifest.dt, writer.path) if plot else ()
    made = tuple(writer.run.path / name for name in names)
    return VerifyResult(certificate, writer.run.path, made if figures is None else copied(made, figures), checks)


def _certify(
    model: Model,
    dataset: Samples,
    runs: Sequence[NamedRun],
    source: Source | str | None,
    limit: int,
    progress: StageProgress | None,
) -> Certificate:
    owners = {p.model: MODELS[p.model].owner.value for m in model.programs.values() for p in m.populations.values()}
    known = _meanings(model)
    limits = Tolerances() if model.bundle.manifest.tuning is None else Tolerances(rounding=TUNING)
    plain = certify(runs, dataset.y, limits, owners, known)
    if source is None or not model.programs:
        return plain
    # Of a pair that fails, the first sample that differs is among those of the stages.
    needed = [p.first.point.sample + 1 for p in plain.pairs if p.first is not None and not p.passed]
    some = dataset.take(max([min(limit, dataset.batch), *needed]))
    forms = Forms(model, some, {run.name: run for run in runs}, source, progress)
    return replace(plain, bisection=_bisect(forms, known, some))


def _bisect(forms: Forms, known: Mapping[str, Meaning], dataset: Samples) -> Bisection:
    stages = forms.stages()
    return bisect(stages, known, dataset.y, forms.notes)


def _meanings(model: Model) -> dict[str, Meaning]:
    return {k: v for name, graph in model.graphs.items() for k, v in meanings(graph, model.programs[name]).items()}


def _bounds(limits: int | Mapping[str, int] | None, chain: Sequence[str]) -> dict[str, int]:
    wanted = {EVERY_FORM: limits} if isinstance(limits, int) else dict(limits or {})
    rest = wanted.pop(EVERY_FORM, None)
    usual = DEFAULT_LIMITS if rest is None else dict.fromkeys((*chain, STAGES), rest)
    given = {ALIASES.get(name, name): number for name, number in wanted.items()}
    unknown = sorted(set(given) - {*chain, STAGES})
    if unknown:
        shown = ", ".join((*chain, STAGES))
        raise UsageError(f"--limit names {', '.join(unknown)}, which is not run", hint=f"run are: {shown}")
    return {**usual, **given}


def copied(files: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Copy figures to a directory of the user's, and return where they are."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(Path(shutil.copy(file, folder / file.name)) for file in files)
    except OSError as error:
        raise UsageError(f"--figures: {folder} cannot be written: {error.strerror or error}") from None


def _chain(model: Model, against: Sequence[str] | None) -> tuple[str, ...]:
    manifest = model.bundle.manifest
    from_module = manifest.source.kind == "torch" and can_be_read_again(manifest.source.spec)
    if against is None:
        return CHAIN if from_module else CHAIN[1:]
    wanted = {ALIASES.get(name, name) for name in against}
    unknown = sorted(wanted - set(CHAIN))
    if unknown:
        shown = ", ".join((*CHAIN, *ALIASES))
        raise UsageError(f"cannot verify against {', '.join(unknown)}", hint=f"there are: {shown}")
    if SOURCE in wanted and not from_module:
        raise UsageError(
            f"{manifest.source.spec} is a file: its float reference is the source", hint="leave out 'source'"
        )
    if len(wanted) == 1:
        wanted |= {FLOAT} if wanted == {ENGINE} else {ENGINE}
    if not wanted:
        raise UsageError("a comparison needs at least two forms", hint=f"--against {FLOAT},{ENGINE}")
    return tuple(form for form in CHAIN if form in wanted)


def _source(model: Model, dataset: Samples, *, required: bool) -> Source | str:
    """Read the source again and make sure that it is still the one converted; or say why it cannot be.

    Raises:
        NeurotoolError: It is needed and cannot be read.
        UsageError: It is needed and has changed.
    """
    manifest = model.bundle.manifest
    record = manifest.source
    options = SourceOptions(example=example_inputs(dataset), seed=manifest.options.seed)
    if record.kind != "torch":
        options = replace(options, dt=manifest.dt, convention=manifest.convention.name)
    elif not required:
        return f"that would import {record.spec} (--against source,...)"
    try:
        source = read_source(record.spec, options)
    except NeurotoolError as error:
        if required:
            raise
        return error.message
    if source.sha256 != record.sha256 or (source.run is None) is (record.kind == "torch"):
        if not required:
            return f"{record.spec} has changed"
        raise UsageError(
            f"{record.spec} is not the model that was converted: its weights have changed",
            hint="was it trained further, or does it draw its weights anew? Convert it again, or leave the source out: "
            "--against float,loihi,lava",
        )
    return source
