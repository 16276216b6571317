"""The verbs as functions of a Python session: options by name, paths as text, models as objects.

``neurotool.partition`` and its like stand here. They take the options of the command line under the same names, even
where Python has a function of that name, mean the same by them, and give results that show themselves. Text is read as
the command line reads it. Messages name options as the command line does. ``calibrate`` and ``demo`` are verbs
of the command line alone; ``neurotool.pipeline`` has them as functions.

Times are seconds, or text with a unit such as ``"1ms"``. Names of which there may be several are a list, or text with
one of them. Whatever a function raises is a :class:`neurotool.errors.NeurotoolError`; all of them raise ``UsageError``
where a file or an option is wrong. A comparison that fails raises nothing: ask ``certificate.passed``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurotool import pipeline
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.cuts.partition import PartitionResult
from neurotool.pipeline.energy.options import EnergyOptions
from neurotool.pipeline.inspection.export import LAVA_SCRIPT
from neurotool.pipeline.inspection.inspect import Inspection
from neurotool.pipeline.inspection.look import PlacementResult, ProgramInspection
from neurotool.pipeline.results import (
    ConvertResult,
    EnergyResult,
    RunResult,
    StageProgress,
    VerifyResult,
)
from neurotool.pipeline.runs import result_files
from neurotool.pipeline.runs.programs import ProgramRun
from neurotool.pipeline.samples import Encode
from neurotool.pipeline.session.arguments import (
    Name,
    Names,
    conversion,
    costing,
    encode_of,
    file_of,
    flag_of,
    limits_of,
    model_of,
    name_of,
    names_of,
    number_of,
    path_of,
    seconds_of,
    taking,
)


@taking(ConvertOptions)
def partition(
    model: object, example: Any = None, *, pareto: bool = False, input: Name | None = None, figure: Name | None = None,
    progress: StageProgress | None = None, **options: Any,
) -> PartitionResult:  # fmt: skip
    """Cut a model into spiking and dense parts, without converting it.

    Args:
        model: A ``torch.nn.Module``, ``package.module:factory`` or a ``.nir`` file.
        example: Input ``[time, batch, *features]`` to trace a module with, for several inputs by name.
        pareto: Find the cuts that no other beats, too.
        input: Samples with labels to find accuracies with.
        figure: File to draw the Pareto set into, which is found then; ``force=True`` replaces it.
        progress: Called with a stage, and how much of its work is done, of how much.
        options: Fields of :class:`neurotool.pipeline.ConvertOptions`, such as ``objective="energy"``.

    Raises:
        UsageError: The model, the data or an option is wrong.
        UnsupportedError: The model holds something without a meaning here; lists all of it.
        NegativeAnswerError: No legal cut keeps the limits.
    """
    chosen, drawing = conversion(options, example), path_of(figure, "--figure")
    if drawing is not None:
        result_files.check(drawing, chosen.force, "--figure", result_files.FIGURES)
    pareto = flag_of(pareto, "--pareto") or drawing is not None
    data = path_of(input, "--input")
    return pipeline.partition(model_of(model), chosen, pareto=pareto, data=data, figure=drawing, progress=progress)


@taking(ConvertOptions)
def convert(
    model: object, out: Name, example: Any = None, *, verify: bool | Name = False,
    progress: StageProgress | None = None, **options: Any,
) -> ConvertResult:  # fmt: skip
    """Convert a model into a bundle.

    Args:
        model: As for :func:`partition`.
        out: Directory of the bundle.
        example: As for :func:`partition`.
        verify: Compare all forms of the model but Lava's, on this file, or with True on the calibration data. The
            ``proof`` of the result says whether they agree; the bundle stays whatever it says.
        progress: As for :func:`partition`.
        options: Fields of :class:`neurotool.pipeline.ConvertOptions`.

    Raises:
        UsageError: The model, the data, an option or the directory is wrong.
        UnsupportedError: The model holds something that has no integer form; lists all of it.
        NegativeAnswerError: The model does not fit the chip.
    """
    chosen, spec, bundle = conversion(options, example), model_of(model), file_of(out, "--out")
    if verify is False:
        return pipeline.convert(spec, bundle, chosen, progress)
    data = None if verify is True else file_of(verify, "--verify")
    result, proof = pipeline.convert_and_verify(spec, bundle, chosen, data, progress)
    return replace(result, proof=proof)


def run(
    model: Name, input: Name, *, target: str = "loihi", encode: Encode = None, steps: int | str | None = None,
    probe: Names = (), limit: int | str | None = None, batch: int | str | None = None, compile: bool = False,
    strict: bool = False, timeout: float | str | None = None, resume: Name | None = None,
    save_state: Name | None = None, keep_state: bool = False, out: Name | None = None, force: bool = False,
    progress: StageProgress | None = None,
) -> RunResult | ProgramRun:  # fmt: skip
    """Run a bundle, or a file with a chip program such as ``network.net``, on a data file.

    Args:
        model: The bundle, which keeps the run, or the file.
        input: Data file; ``x`` is ``[time, batch, *features]``, or ``[batch, *features]`` with an encoder.
        target: What runs the spiking half: ``loihi``, ``lava``, ``gpu`` (the float reference), or a plug-in.
        encode: Encoder, or None for the one of the calibration; for several inputs by name.
        steps: Time steps to encode into, or None likewise; of a program, the time steps to run.
        probe: State variables to record, such as ``"u,v"``.
        limit: Run only the first samples.
        batch: Samples that run together, or None for all at once; bundles only.
        compile: Compile the dense half; bundles only.
        strict: Raise where a chip could not hold a value.
        timeout: Time after which a run is given up, by targets that can: of those that come along, ``lava``.
        resume: File of run states to go on from, with the next time steps of the same samples.
        save_state: File (.h5) for where the run stopped, to go on from there.
        keep_state: Keep that as ``state`` of the traces, too.
        out: File (.npz, .h5) for the outputs of a bundle, or for the recording of a program.
        force: Replace the files.
        progress: As for :func:`partition`.

    Raises:
        UsageError: A file cannot be read or written, they do not fit each other, or an option is for bundles only.
        NegativeAnswerError: A chip could not hold a value, and ``strict`` asks for it.
        BackendMissingError: The target is absent.
    """
    return pipeline.launch(
        file_of(model), file_of(input, "--input"), target=name_of(target, "--target"), encode=encode_of(encode),
        steps=number_of(steps), probes=names_of(probe, "--probe"), limit=number_of(limit), batch=number_of(batch),
        compiled=flag_of(compile, "--compile"), strict=flag_of(strict, "--strict"),
        timeout=seconds_of(timeout, "timeout"), resume=path_of(resume, "--resume"),
        save_state=path_of(save_state, "--save-state"), keep_state=flag_of(keep_state, "keep_state"),
        out=path_of(out, "--out"), force=flag_of(force, "--force"), progress=progress,
    )  # fmt: skip


def verify(
    bundle: Name, input: Name, *, encode: Encode = None, steps: int | str | None = None, against: Names | None = None,
    limit: int | str | Sequence[str] | Mapping[str, int] | None = None, no_stages: bool = False, plot: bool = True,
    figures: Name | None = None, force: bool = False, timeout: float | str | None = None,
    progress: StageProgress | None = None,
) -> VerifyResult:  # fmt: skip
    """Compare the forms of a bundle's model, each with the one before it.

    Args:
        bundle: Directory of the bundle, which keeps the certificate.
        input: Samples; with labels the accuracy is compared too.
        encode: As for :func:`run`.
        steps: As for :func:`run`.
        against: Forms to compare, of ``source``, ``float``, ``loihi``, ``lava``; None for all that the bundle has, but
            ``lava`` only where it is installed: ``certificate.omitted`` says that it was left out, and why.
        limit: Largest number of samples, or that of a form and of the ``stages``, such as ``"lava=100"``, several of
            these in a list, or ``{"lava": 100}``.
        no_stages: Do not look for the stage of the conversion that differences come from.
        plot: Draw the figures.
        figures: Directory to write the figures to as well.
        force: Replace figures that are there.
        timeout: As for :func:`run`, for each run on Lava.
        progress: As for :func:`partition`.

    Raises:
        UsageError: A form is unknown, a file cannot be read, or the figures cannot be written.
        BackendMissingError: Lava is asked for by name and absent.
        BackendFailedError: Lava failed, or ran out of time.
    """
    forms = None if against is None else names_of(against, "--against")
    return pipeline.verify(
        file_of(bundle), file_of(input, "--input"), encode=encode_of(encode), steps=number_of(steps), against=forms,
        limits=limits_of(limit), stages=not flag_of(no_stages, "--no-stages"), plot=flag_of(plot, "plot"),
        figures=path_of(figures, "--figures"), force=flag_of(force, "--force"),
        timeout=seconds_of(timeout, "timeout"), progress=progress,
    )  # fmt: skip


@taking(EnergyOptions)
def estimate_energy(
    bundle: Name | None = None, input: Name | None = None, *, activity: Name | None = None, encode: Encode = None,
    steps: int | str | None = None, limit: int | str | None = None, progress: StageProgress | None = None,
    **options: Any,
) -> EnergyResult:  # fmt: skip
    """Estimate what an inference takes, in joules and seconds.

    Args:
        bundle: Directory of the bundle, which keeps the report; None with ``activity``.
        input: Samples to run; None for the mean spike rates of the calibration data.
        activity: File of published counts (.json), in place of bundle and input; goes with ``chip``.
        encode: As for :func:`run`.
        steps: As for :func:`run`.
        limit: Count only the first samples.
        progress: As for :func:`partition`.
        options: Fields of :class:`neurotool.pipeline.EnergyOptions`, such as ``compare=True``.

    Raises:
        UsageError: There is neither bundle nor counts, an option means nothing for what there is, or a file is none of
            its kind.
        NegativeAnswerError: A spiking part does not fit on the chip.
    """
    return pipeline.estimate_from(
        path_of(bundle), path_of(input, "--input"), path_of(activity, "--activity"), encode=encode_of(encode),
        steps=number_of(steps), limit=number_of(limit), options=costing(options), progress=progress,
    )  # fmt: skip


def inspect(
    model: Name, *, placement: bool = False, chip: Name | None = None, chips: int | str | None = None,
    placement_seconds: float | str = 0.0, seed: int | str = 0, map: Name | None = None, force: bool = False,
) -> Inspection | ProgramInspection | PlacementResult:  # fmt: skip
    """Look into a bundle, every file of which is checked, or a file with a chip program.

    Args:
        model: Directory of the bundle, or the file.
        placement: Look at the layout on the cores. All that follows goes with it.
        chip: Chip to place on, or None for the bundle's own.
        chips: Most chips to use, or None for as many as needed.
        placement_seconds: Time to search for a better layout.
        seed: Seed of the search.
        map: Picture of the cores to write, or None for none.
        force: Replace a picture that is there.

    Raises:
        UsageError: The file is damaged or of the wrong kind, or an option goes with ``placement`` alone.
        NegativeAnswerError: A program does not fit the chip.
    """
    return pipeline.look(
        file_of(model), placement=flag_of(placement, "--placement"),
        chip=None if chip is None else name_of(chip, "--chip"), chips=number_of(chips),
        placement_seconds=number_of(placement_seconds, float), seed=number_of(seed), core_map=path_of(map, "--map"),
        force=flag_of(force, "--force"),
    )  # fmt: skip


def export(model: Name, out: Name, format: str = LAVA_SCRIPT) -> tuple[Path, ...]:
    """Write the spiking half for people with a chip; untested on silicon.

    Args:
        model: Directory of a bundle, or a file with a chip program.
        out: Folder to make.
        format: ``lava-script``, ``netx`` or ``nir``.

    Returns:
        The files.

    Raises:
        UsageError: The form is unknown, there is nothing to export, or ``out`` exists.
        UnsupportedError: The form has no room for a part; lists every reason.
    """
    return pipeline.export(file_of(model), file_of(out, "--out"), name_of(format, "--format"))
