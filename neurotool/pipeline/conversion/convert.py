"""Source to bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

from neurotool.chips import Chip, load_chip
from neurotool.data import Samples
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.adapters import Array
from neurotool.ir.bundle import Bundle, BundleWriter, check_output
from neurotool.ir.coding import Coding
from neurotool.ir.graph import subgraph
from neurotool.ir.manifest import (
    CalibrationRecord,
    InputRecord,
    Manifest,
    OptionsRecord,
    PartRecord,
    SourceRecord,
    library_versions,
)
from neurotool.ir.partition import Part, Partition, Side
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram
from neurotool.ir.program_file import save_program
from neurotool.passes.place import place
from neurotool.passes.quantise import PopulationRecord
from neurotool.pipeline.adapters import graph_writer, torch_target
from neurotool.pipeline.conversion.boundaries import example_of_source, measured, over_time
from neurotool.pipeline.conversion.calibration import Calibration, boundary_values, calibrate, rates_of
from neurotool.pipeline.conversion.lowering import check_precision, lower
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.conversion.sensitivity import LayerLoss
from neurotool.pipeline.conversion.splitting import Split, split
from neurotool.pipeline.conversion.tuned_model import TunedModel, tune_model
from neurotool.pipeline.cuts.accuracy import CutJudge
from neurotool.pipeline.results import ConvertResult, StageProgress, progress_of, told
from neurotool.pipeline.samples import EXAMPLE_SAMPLES, check_encode, first_samples, samples_of
from neurotool.runtime.coding import deliver


@dataclass
class _Made:
    """What conversion made of the parts so far."""

    programs: dict[str, ChipProgram] = field(default_factory=dict)
    records: dict[str, tuple[PopulationRecord, ...]] = field(default_factory=dict)
    losses: dict[str, tuple[LayerLoss, ...]] = field(default_factory=dict)
    placements: dict[str, Placement] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    parts: list[PartRecord] = field(default_factory=list)


def convert(spec: object, out: Path, options: ConvertOptions, progress: StageProgress | None = None) -> ConvertResult:
    """Convert a model into a bundle.

    Args:
        spec: ``package.module:factory``, a ``.nir`` file or a ``torch.nn.Module``.
        out: Directory of the bundle.
        options: See :class:`ConvertOptions`.
        progress: Told of the progress of each stage.

    Raises:
        UsageError: The source, the data, an option or the output directory is wrong.
        UnsupportedError: The model holds something that has no integer form; lists all of it.
        NegativeAnswerError: The model does not fit the chip.
    """
    check_output(out, options.force)
    check_encode(options.encode, options.steps)
    chip = load_chip(options.chip)
    found = split(spec, options, CutJudge, progress=progress)
    check_precision(found, options)
    calibration = _calibrate(found, progress)
    tuned = tune_model(found, calibration, options, progress)
    found = found if tuned is None else tuned.found
    made = _Made()
    if all(part.side is Side.DENSE for part in found.partition.parts):
        made.diagnostics.append(_all_in_torch(found.partition, options))
    for part in found.partition.parts:
        if part.side is Side.SPIKING:
            _quantise(part, found, calibration, options, chip, made, tuned, progress)
    with BundleWriter(out, options.force) as writer:
        for part in found.partition.parts:
            with told(f"write {part.name}", progress):
                files = _write_part(part, found, calibration, made, writer.scratch)
            for role, path in files.items():
                writer.add(f"{part.name}.{role}", path, path.suffix)
            keys = {role: f"{part.name}.{role}" for role in files}
            made.parts.append(_part_record(part, found, made, keys))
        writer.commit(_manifest(found, made, calibration, options, tuned, writer))
    return ConvertResult(
        Bundle.open(out),
        found.partition,
        made.programs,
        made.records,
        made.placements,
        tuple(made.diagnostics),
        made.losses,
    )


def _all_in_torch(partition: Partition, options: ConvertOptions) -> Diagnostic:
    """Say that nothing runs on the chip, and by which option if it is by one."""
    rules = {reason.rule for reason in partition.reasons}
    why, fix = "see the reasons of neurotool partition", ""
    if "NT-PART-006" in rules:
        given = " ".join(f"--dense {pattern!r}" for pattern in options.dense)
        why, fix = f"{given} keeps in torch what could run there", "leave --dense out, or name fewer nodes by it"
    elif "NT-PART-010" in rules:
        why, fix = f"the cut with the least {options.objective} leaves all in torch", "--objective chip"
    return Diagnostic("NT-PART-007", Severity.WARNING, "", f"no part of the model runs on the chip: {why}", fix=fix)


def _calibrate(found: Split, progress: StageProgress | None) -> Calibration | None:
    if found.calibration is None:
        return None
    return calibrate(found.partition.graph, found.calibration, progress_of("calibrate", progress))


def _quantise(
    part: Part,
    found: Split,
    calibration: Calibration | None,
    options: ConvertOptions,
    chip: Chip,
    made: _Made,
    tuned: TunedModel | None,
    progress: StageProgress | None,
) -> None:
    given = None if tuned is None else tuned.quantised
    lowered = lower(part, found, calibration, options, given=given, progress=progress)
    result = lowered.quantised
    if lowered.losses:
        made.losses[part.name] = lowered.losses
    made.programs[part.name] = result.program
    made.records[part.name] = result.records
    made.diagnostics += result.diagnostics
    with told("place", progress):
        made.placements[part.name] = place(
            result.program,
            chip,
            rates=None if calibration is None else rates_of(result.program, found.partition, calibration),
            chips=options.chips,
            optimise_seconds=options.placement_seconds,
            seed=options.seed,
        )


def _write_part(
    part: Part,
    found: Split,
    calibration: Calibration | None,
    made: _Made,
    scratch: Path,
) -> dict[str, Path]:
    """Write the files of one part and return them by role."""
    if part.side is Side.DENSE:
        path = scratch / f"{part.name}.pt2"
        torch_target().export_dense(found.dense_graph(part), _examples(part, found, calibration), path)
        return {"pt2": path}
    graph = subgraph(found.partition.graph, part.nodes, part.outputs)
    nir_path, program_path = scratch / f"{part.name}.nir", scratch / f"{part.name}.program.h5"
    graph_writer().write(graph, nir_path)
    save_program(made.programs[part.name], program_path)
    placement, records = scratch / f"{part.name}.placement.json", scratch / f"{part.name}.quantisation.json"
    placement.write_text(json.dumps(made.placements[part.name].to_json(), indent=1))
    records.write_text(json.dumps([r.to_json() for r in made.records[part.name]], indent=1))
    files = {"nir": nir_path, "program": program_path, "placement": placement, "quantisation": records}
    if part.name in made.losses:
        files["sensitivity"] = scratch / f"{part.name}.sensitivity.json"
        files["sensitivity"].write_text(json.dumps([row.to_json() for row in made.losses[part.name]], indent=1))
    return files


def _examples(part: Part, found: Split, calibration: Calibration | None) -> Mapping[str, Array]:
    """Values of the inputs of a dense part: on calibration data, or on the example that the model was traced with."""
    graph = found.partition.graph
    if calibration is not None:
        inputs = first_samples(graph, calibration.inputs, EXAMPLE_SAMPLES)
    else:
        inputs = example_of_source(graph, found.source)
    values = boundary_values(graph, part.inputs, inputs)
    crossing = {b.value: b for b in found.partition.boundaries if b.target == part.name}
    return {name: deliver(value, crossing[name]) for name, value in values.items()}


def _part_record(part: Part, found: Split, made: _Made, keys: dict[str, str]) -> PartRecord:
    program = made.programs.get(part.name)
    return PartRecord(
        name=part.name,
        side=part.side,
        nodes=part.nodes,
        inputs=part.inputs,
        outputs=part.outputs,
        latency=program.depth if program else 0,
        over_time=None if part.side is Side.SPIKING else over_time(found.dense_graph(part)),
        files=keys,
    )


def _manifest(
    found: Split,
    made: _Made,
    calibration: Calibration | None,
    options: ConvertOptions,
    tuned: TunedModel | None,
    writer: BundleWriter,
) -> Manifest:
    graph, dataset = found.partition.graph, found.calibration
    return Manifest(
        versions=library_versions(),
        created=datetime.now(UTC),
        source=SourceRecord(
            spec=found.source.spec,
            kind=found.source.converter,
            sha256=found.source.sha256,
            runnable=found.source.run is not None,
        ),
        dt=graph.dt,
        convention=graph.convention,
        inputs=tuple(_input_record(found.partition, name, dataset, options) for name in graph.inputs),
        outputs=graph.outputs,
        parts=tuple(made.parts),
        boundaries=measured(found.partition, made.programs, calibration),
        reasons=found.partition.reasons,
        calibration=_calibration_record(dataset, calibration, options),
        tuning=None if tuned is None else tuned.record,
        options=_options_record(options),
        files=writer.files,
        notes=(*graph.notes, *(dataset.notes if dataset else ())),
    )


def _options_record(options: ConvertOptions) -> OptionsRecord:
    """Every option that shapes the result and stands nowhere else in the manifest, under its own name."""
    patterns = {Side.SPIKING: options.spiking, Side.DENSE: options.dense}
    names = {each.name for each in fields(options)} & OptionsRecord.model_fields.keys()
    own = {name: getattr(options, name) for name in names}
    return OptionsRecord.model_validate(own | {"patterns": {side: names for side, names in patterns.items() if names}})


def _input_record(partition: Partition, name: str, samples: Samples | None, options: ConvertOptions) -> InputRecord:
    node = partition.graph.nodes[name]
    coding = next((b.coding for b in partition.boundaries if b.value == name), Coding.TENSOR)
    known = {"name": name, "shape": node.shape, "timed": node.timed, "coding": coding}
    if samples is None:
        encode = options.encode if isinstance(options.encode, str | None) else options.encode.get(name)
        return InputRecord.model_validate(known | {"encode": encode, "steps": options.steps})
    dataset = samples_of(samples, name, partition.graph.inputs)
    return InputRecord.model_validate(
        known
        | {
            "encode": dataset.encode,
            "steps": dataset.steps or None,
            "peak": dataset.peak,
            "message_bits": dataset.message_bits,
            "scale": dataset.scale,
            "seed": dataset.seed,
        }
    )


def _calibration_record(
    dataset: Samples | None, calibration: Calibration | None, options: ConvertOptions
) -> CalibrationRecord | None:
    if dataset is None or calibration is None:
        return None
    return CalibrationRecord(
        path=str(options.calib), sha256=dataset.sha256, samples=calibration.samples, available=dataset.batch
    )
