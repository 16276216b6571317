"""Proves that every form of a bundle's model computes the same: source, float reference, integer engine, Lava."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from neurotool.data import Samples
from neurotool.errors import NeurotoolError, UsageError
from neurotool.ir.adapters import Source, SourceOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.manifest import SourceRecord
from neurotool.neurons import MODELS
from neurotool.pipeline.adapters import availability, can_be_read_again, ends_in_time, program_target, read_source
from neurotool.pipeline.numbers import optional_real, optional_whole, whole
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
    TUNING,
    Bisection,
    Certificate,
    Meaning,
    NamedRun,
    Omission,
    Tolerances,
    bisect,
    certify,
)
from neurotool.written import ALIASES, EVERY_FORM, form_of

__all__ = ["CHAIN", "DEFAULT_LIMITS", "ENGINE", "FLOAT", "LAVA", "SOURCE", "verify"]

STAGES = "stages"

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
        against: Forms to compare, of ``source``, ``float``, ``loihi`` (or ``engine``), ``lava``. A single one is
            compared with the engine, the engine itself with ``float``. None for all that the bundle has, but ``lava``
            only where it can be used; otherwise the certificate says that it was left out, and why.
        limits: Largest number of samples: one for all, or by form, the ``stages`` among them and ``all`` for the rest.
        stages: Run the stages of the conversion one by one, to say which of them introduces the differences.
        plot: Draw the figures.
        figures: Directory to write the figures to as well.
        force: Replace figures that are there.
        timeout: Seconds after which a run on Lava is given up, of each part; None for as long as it makes progress.
        progress: Told of the progress of each run.

    Raises:
        UsageError: A form is unknown, or fewer than two are left, a number is none, or the figures cannot be written.
        BackendMissingError: Lava is asked for by name and absent.
        BackendFailedError: Lava failed, or ran out of time.
    """
    steps, wanted = optional_whole("--steps", steps, 1), _limits(limits)
    if figures is not None:
        result_files.check_folder(figures, FIGURES, force)
    model = Model(Bundle.open(path))
    record = model.bundle.manifest.source
    chain, omitted = _usual(record) if against is None else (_chain(record, against), ())
    _check_timeout(timeout, against, chain)
    for form in set(chain) - {SOURCE, FLOAT}:
        program_target(form)  # a target that is absent is better known before the others have run
    dataset = read_data(data, model.bundle.manifest.inputs, encode, steps)
    bounds = _bounds(wanted, (*chain, *(each.form for each in omitted)))
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
    certificate = replace(certificate, omitted=omitted)
    with model.bundle.new_run("verify") as writer:
        checks = checked(seen)
        crossed = {"boundaries": [check.to_json() for check in checks]}
        writer.write_json("certificate.json", certificate.to_json() | crossed)
        known = _meanings(model)
        names = draw_certificate(certificate, runs, known, model.bundle.manifest.dt, writer.path) if plot else ()
    made = tuple(writer.run.path / name for name in names)
    if figures is not None:
        made = result_files.copied(made, figures)
    return VerifyResult(certificate, writer.run.path, made, checks)


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


def _limits(given: int | Mapping[str, int] | None) -> dict[str, int]:
    """Numbers of samples by form, ``all`` for one that is for every form."""
    each = given if isinstance(given, Mapping) else {} if given is None else {EVERY_FORM: given}
    return {form_of(name): whole("--limit", number, 1) for name, number in each.items()}


def _bounds(limits: Mapping[str, int], chain: Sequence[str]) -> dict[str, int]:
    rest = limits.get(EVERY_FORM)
    usual = DEFAULT_LIMITS if rest is None else dict.fromkeys((*chain, STAGES), rest)
    named = {name: number for name, number in limits.items() if name != EVERY_FORM}
    unknown = sorted(set(named) - {*chain, STAGES})
    if unknown:
        shown = ", ".join((*chain, STAGES))
        raise UsageError(f"--limit names {', '.join(unknown)}, which is not run", hint=f"run are: {shown}")
    return {**usual, **named}


def _check_timeout(timeout: float | None, against: Sequence[str] | None, chain: Sequence[str]) -> None:
    """Refuse a time limit that is none, or that nothing that was asked for would keep."""
    limit = optional_real("--timeout", timeout, positive=True)
    if limit is not None and against is not None and not set(chain) & set(ends_in_time()):
        raise UsageError(f"--timeout has no meaning for {', '.join(chain)}: nothing ends their runs")


def all_forms(source: SourceRecord) -> tuple[str, ...]:
    """The forms of a bundle's model: the source is one where it can be read again and run."""
    runs = source.can_run and can_be_read_again(source.spec)
    return CHAIN if runs else tuple(form for form in CHAIN if form != SOURCE)


def _usual(source: SourceRecord) -> tuple[tuple[str, ...], tuple[Omission, ...]]:
    """What is compared where nothing is said: all forms, but Lava where it cannot be used."""
    forms, found = all_forms(source), availability(LAVA)
    if found.ok:
        return forms, ()
    return tuple(form for form in forms if form != LAVA), (Omission(LAVA, found.detail, found.fix),)


def _chain(source: SourceRecord, against: Sequence[str]) -> tuple[str, ...]:
    wanted = {form_of(name) for name in against}
    unknown = sorted(wanted - set(CHAIN))
    if unknown:
        shown = ", ".join((*CHAIN, *ALIASES))
        raise UsageError(f"cannot verify against {', '.join(unknown)}", hint=f"there are: {shown}")
    if SOURCE in wanted and SOURCE not in all_forms(source):
        raise UsageError(f"{source.spec} is a file: its float reference is the source", hint="leave out 'source'")
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
    if not record.can_run:
        options = replace(options, dt=manifest.dt, convention=manifest.convention.name)
    elif not required:
        return f"that would import {record.spec} (--against source,...)"
    try:
        source = read_source(record.spec, options)
    except NeurotoolError as error:
        if required:
            raise
        return error.message
    if source.sha256 != record.sha256 or (source.run is None) is record.can_run:
        if not required:
            return f"{record.spec} has changed"
        raise UsageError(
            f"{record.spec} is not the model that was converted: its weights have changed",
            hint="was it trained further, or does it draw its weights anew? Convert it again, or leave the source out: "
            "--against float,loihi,lava",
        )
    return source
