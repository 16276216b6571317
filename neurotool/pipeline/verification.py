"""Proves that every form of a bundle's model computes the same: source, float reference, integer engine, Lava."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from neurotool.data import Dataset
from neurotool.errors import UsageError
from neurotool.ir.adapters import RunOptions, SourceOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.trace import Trace
from neurotool.neurons import MODELS
from neurotool.pipeline.adapters import FLOAT_TARGET, example_of, program_target, read_source
from neurotool.pipeline.drawing import draw_certificate
from neurotool.pipeline.results import StageProgress, VerifyResult, progress_of
from neurotool.pipeline.running import Model, model_inputs, read_data
from neurotool.pipeline.splitting import EXAMPLE_SAMPLES
from neurotool.verify import Arithmetic, NamedRun, certify

SOURCE, FLOAT, ENGINE, LAVA = "source", "float", "loihi", "lava"
CHAIN = (SOURCE, FLOAT, ENGINE, LAVA)
"""Forms of a model, each closer to the chip than the one before."""

DEFAULT_LIMITS = {LAVA: 100}
"""Lava simulates one sample after another, so that it is given fewer of them."""

PROBES = ("u", "v")

IDENTITY = ("device", "precision", "torch", "mode", "lava")
"""Facts of a run that say what ran, for the certificate."""


def verify(
    path: Path,
    data: Path,
    *,
    encode: str | None = None,
    steps: int | None = None,
    against: Sequence[str] | None = None,
    limits: Mapping[str, int] | None = None,
    plot: bool = True,
    progress: StageProgress | None = None,
) -> VerifyResult:
    """Run the forms of a model on the same samples and compare each with the one before it.

    Args:
        path: The bundle.
        data: Data file; with labels the accuracy is compared too.
        encode: Encoder, or None for the one of the calibration.
        steps: Time steps to encode into, or None likewise.
        against: Forms to compare, of ``source``, ``float``, ``loihi``, ``lava``; None for all that the bundle has.
        limits: Largest number of samples per form.
        plot: Draw the figures.
        progress: Told of the progress of each run.

    Raises:
        UsageError: A form is unknown, or fewer than two are left.
        BackendMissingError: Lava is asked for and absent.
    """
    model = Model(Bundle.open(path))
    chain = _chain(model, against)
    for form in set(chain) - {SOURCE, FLOAT}:
        program_target(form)  # a target that is absent is better known before the others have run
    dataset = read_data(data, model.bundle.manifest.input, encode, steps)
    unknown = sorted(set(limits or {}) - set(chain))
    if unknown:
        raise UsageError(f"--limit names {', '.join(unknown)}, which is not run", hint=f"run are: {', '.join(chain)}")
    bounds = DEFAULT_LIMITS | dict(limits or {})
    runs = []
    for form in chain:
        some = dataset.take(bounds[form]) if form in bounds else dataset
        runs.append(_run_form(model, form, some, progress))
    owners = {p.model: MODELS[p.model].owner.value for m in model.programs.values() for p in m.populations.values()}
    certificate = certify(runs, dataset.y, owners=owners)
    with model.bundle.new_run("verify") as writer:
        writer.write_json("certificate.json", certificate.to_json())
        names = draw_certificate(certificate, runs, model.bundle.manifest.dt, writer.path) if plot else ()
    return VerifyResult(certificate, writer.run.path, tuple(writer.run.path / name for name in names))


def _chain(model: Model, against: Sequence[str] | None) -> tuple[str, ...]:
    manifest = model.bundle.manifest
    from_module = manifest.source.kind == "torch"
    if against is None:
        return CHAIN if from_module else CHAIN[1:]
    unknown = sorted(set(against) - set(CHAIN))
    if unknown:
        raise UsageError(f"cannot verify against {', '.join(unknown)}", hint=f"there are: {', '.join(CHAIN)}")
    if SOURCE in against and not from_module:
        raise UsageError(
            f"{manifest.source.spec} is a file: its float reference is the source", hint="leave out 'source'"
        )
    chosen = tuple(form for form in CHAIN if form in against)
    if len(chosen) < 2:
        raise UsageError("a comparison needs at least two forms", hint=f"--against {FLOAT},{ENGINE}")
    return chosen


def _run_form(model: Model, form: str, dataset: Dataset, progress: StageProgress | None) -> NamedRun:
    if form == SOURCE:
        trace = _run_source(model, dataset)
        return NamedRun.of_traces(form, Arithmetic.FLOAT, [trace], trace.outputs, model.timed_outputs)
    target = FLOAT_TARGET if form == FLOAT else form
    options = RunOptions(probes=PROBES, progress=progress_of(form, progress))
    execution = model.execute(model_inputs(model, dataset), target, options)
    kind = Arithmetic.FLOAT if form == FLOAT else Arithmetic.INTEGER
    traces = list(execution.traces.values())
    detail = ", ".join(dict.fromkeys(f"{k} {t.facts[k]}" for t in traces for k in IDENTITY if k in t.facts))
    return NamedRun.of_traces(form, kind, traces, model.outputs(execution), model.timed_outputs, detail)


def _run_source(model: Model, dataset: Dataset) -> Trace:
    """Import the source module again, make sure that it is still the one converted, and run it."""
    record = model.bundle.manifest.source
    inputs = example_of(dataset.x, dataset.scale)
    seed = model.bundle.manifest.options.seed
    source = read_source(record.spec, SourceOptions(example=inputs[:, :EXAMPLE_SAMPLES], seed=seed))
    if source.run is None or source.sha256 != record.sha256:
        raise UsageError(
            f"{record.spec} is not the model that was converted: its weights have changed",
            hint="was it trained further, or does it draw its weights anew? Convert it again, or leave the source out: "
            "--against float,loihi,lava",
        )
    return source.run(inputs)
