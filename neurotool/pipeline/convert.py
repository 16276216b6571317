"""Source to bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from neurotool.chips import Chip, load_chip
from neurotool.data import Dataset
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.bundle import Bundle, BundleWriter, check_output
from neurotool.ir.graph import Graph, subgraph
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
from neurotool.passes.quantise import PopulationRecord, quantise
from neurotool.pipeline.adapters import torch_target
from neurotool.pipeline.calibration import Calibration, boundary_values, calibrate, ports_of
from neurotool.pipeline.results import ConvertOptions, ConvertResult, StageProgress, progress_of
from neurotool.pipeline.splitting import EXAMPLE_SAMPLES, Split, split
from neurotool.plugins import CONVERTERS, load


class _NirWriter(Protocol):
    def write(self, graph: Graph, path: Path) -> None: ...


@dataclass
class _Made:
    """What conversion made of the parts so far."""

    programs: dict[str, ChipProgram] = field(default_factory=dict)
    records: dict[str, tuple[PopulationRecord, ...]] = field(default_factory=dict)
    placements: dict[str, Placement] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    parts: list[PartRecord] = field(default_factory=list)


def convert(spec: str, out: Path, options: ConvertOptions, progress: StageProgress | None = None) -> ConvertResult:
    """Convert a model into a bundle.

    Args:
        spec: ``package.module:factory`` or a ``.nir`` file.
        out: Directory of the bundle.
        options: See :class:`ConvertOptions`.
        progress: Told of the progress of each stage.

    Raises:
        UsageError: The source, the data, an option or the output directory is wrong.
        UnsupportedError: The model holds something that has no integer form; lists all of it.
        NegativeAnswerError: The model does not fit the chip.
    """
    check_output(out, options.force)
    if options.encode is not None and options.steps is None:
        raise UsageError(f"--encode {options.encode} needs a number of steps", hint="add --steps N")
    chip = load_chip(options.chip)
    found = split(spec, options)
    calibration = _calibrate(found, progress)
    made = _Made()
    if all(part.side is Side.DENSE for part in found.partition.parts):
        message = "no part of the model runs on the chip; see the reasons of neurotool partition"
        made.diagnostics.append(Diagnostic("NT-PART-007", Severity.WARNING, "", message))
    for part in found.partition.parts:
        if part.side is Side.SPIKING:
            _quantise(part, found, calibration, options, chip, made)
    with BundleWriter(out, options.force) as writer:
        for part in found.partition.parts:
            files = _write_part(part, found, calibration, made, writer.scratch)
            for role, path in files.items():
                writer.add(f"{part.name}.{role}", path, path.suffix)
            keys = {role: f"{part.name}.{role}" for role in files}
            made.parts.append(_part_record(part, made, keys))
        writer.commit(_manifest(found, made, calibration, options, writer))
    return ConvertResult(
        Bundle.open(out), found.partition, made.programs, made.records, made.placements, tuple(made.diagnostics)
    )


def _calibrate(found: Split, progress: StageProgress | None) -> Calibration | None:
    if found.calibration is None:
        return None
    return calibrate(found.partition.graph, found.calibration, progress_of("calibrate", progress))


def _quantise(
    part: Part, found: Split, calibration: Calibration | None, options: ConvertOptions, chip: Chip, made: _Made
) -> None:
    graph = subgraph(found.partition.graph, part.nodes, part.outputs)
    ports = ports_of(part, found.partition, found.calibration, calibration)
    ranges = None if calibration is None else calibration.ranges
    result = quantise(graph, ports, ranges, weight_bits=options.weight_bits)
    made.programs[part.name] = result.program
    made.records[part.name] = result.records
    made.diagnostics += result.diagnostics
    made.placements[part.name] = place(
        result.program, chip, chips=options.chips, optimise_seconds=options.placement_seconds, seed=options.seed
    )


def _write_part(
    part: Part,
    found: Split,
    calibration: Calibration | None,
    made: _Made,
    scratch: Path,
) -> dict[str, Path]:
    """Write the files of one part and return them by role."""
    graph = subgraph(found.partition.graph, part.nodes, part.outputs)
    if part.side is Side.DENSE:
        path = scratch / f"{part.name}.pt2"
        torch_target().export_dense(graph, _examples(part, found, calibration), path)
        return {"pt2": path}
    nir_path, program_path = scratch / f"{part.name}.nir", scratch / f"{part.name}.program.h5"
    cast("_NirWriter", load(CONVERTERS, "nir")).write(graph, nir_path)
    save_program(made.programs[part.name], program_path)
    placement, records = scratch / f"{part.name}.placement.json", scratch / f"{part.name}.quantisation.json"
    placement.write_text(json.dumps(made.placements[part.name].to_json(), indent=1))
    records.write_text(json.dumps([r.to_json() for r in made.records[part.name]], indent=1))
    return {"nir": nir_path, "program": program_path, "placement": placement, "quantisation": records}


def _examples(part: Part, found: Split, calibration: Calibration | None) -> Mapping[str, Array]:
    """Values of the inputs of a dense part: on calibration data, or on the example that the model was traced with."""
    graph = found.partition.graph
    if calibration is not None:
        inputs = {name: value[:, :EXAMPLE_SAMPLES] for name, value in calibration.inputs.items()}
    else:
        inputs = {graph.inputs[0]: np.asarray(found.source.example)}
    return boundary_values(graph, part.inputs, inputs)


def _part_record(part: Part, made: _Made, keys: dict[str, str]) -> PartRecord:
    program = made.programs.get(part.name)
    return PartRecord(
        name=part.name,
        side=part.side,
        nodes=part.nodes,
        inputs=part.inputs,
        outputs=part.outputs,
        latency=program.depth if program else 0,
        files=keys,
    )


def _manifest(
    found: Split, made: _Made, calibration: Calibration | None, options: ConvertOptions, writer: BundleWriter
) -> Manifest:
    graph, dataset = found.partition.graph, found.calibration
    patterns = {Side.SPIKING: options.spiking, Side.DENSE: options.dense}
    return Manifest(
        versions=library_versions(),
        created=datetime.now(UTC),
        source=SourceRecord(
            spec=found.source.spec, kind="nir" if found.source.run is None else "torch", sha256=found.source.sha256
        ),
        dt=graph.dt,
        convention=graph.convention,
        input=_input_record(found.partition, dataset, options),
        outputs=graph.outputs,
        parts=tuple(made.parts),
        boundaries=found.partition.boundaries,
        reasons=found.partition.reasons,
        calibration=_calibration_record(dataset, calibration, options),
        options=OptionsRecord(
            weight_bits=options.weight_bits,
            chip=options.chip,
            patterns={side: names for side, names in patterns.items() if names},
            seed=options.seed,
        ),
        files=writer.files,
        notes=(*graph.notes, *(dataset.notes if dataset else ())),
    )


def _input_record(partition: Partition, dataset: Dataset | None, options: ConvertOptions) -> InputRecord:
    name = partition.graph.inputs[0]
    coding = next((b.coding for b in partition.boundaries if b.value == name), "tensor")
    known = {"name": name, "shape": partition.graph.nodes[name].shape, "coding": coding}
    if dataset is None:
        return InputRecord.model_validate(known | {"encode": options.encode, "steps": options.steps})
    return InputRecord.model_validate(
        known
        | {
            "encode": dataset.encode,
            "steps": dataset.steps,
            "peak": dataset.peak,
            "message_bits": dataset.message_bits,
            "scale": dataset.scale,
            "seed": dataset.seed,
        }
    )


def _calibration_record(
    dataset: Dataset | None, calibration: Calibration | None, options: ConvertOptions
) -> CalibrationRecord | None:
    if dataset is None or calibration is None:
        return None
    return CalibrationRecord(path=str(options.calib), sha256=dataset.sha256, samples=calibration.samples)
