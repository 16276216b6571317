"""What each verb answers: the result as JSON values, and the same as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from neurotool.cli import following
from neurotool.cli.answer import Answer
from neurotool.cli.chip_values import activity, computed, program_values, resource_values
from neurotool.cli.summary import certificate, chip, energy, precision, split, story
from neurotool.cli.summary.tables import facts, grid, next_command
from neurotool.units import format_si

if TYPE_CHECKING:
    from neurotool.ir.manifest import CalibrationRecord, InputRecord, Manifest, OptionsRecord
    from neurotool.ir.placement import Placement
    from neurotool.ir.program import ChipProgram
    from neurotool.pipeline import (
        ConvertResult,
        DemoResult,
        Inspection,
        RunResult,
        VerifyResult,
    )


def converted(result: ConvertResult) -> Answer:
    """Answer of ``convert``."""
    path, manifest = result.bundle.path, result.bundle.manifest
    records = {part: [r.to_json() for r in rows] for part, rows in result.records.items()}
    data = {
        "schema": "neurotool.convert/1",
        "bundle": str(path),
        "manifest": manifest.model_dump(mode="json"),
        "programs": program_values(result.programs),
        "quantisation": records,
        "sensitivity": {part: [row.to_json() for row in rows] for part, rows in result.losses.items()},
        "resources": resource_values(result.placements),
    }
    return data, [
        _configuration(path, manifest),
        split.nodes(result.partition),
        split.boundaries(manifest.boundaries),
        *_on_chip(result.programs, records, result.placements),
        *precision.summary(records, result.losses),
        next_command("neurotool", "run", str(path), "--input", following.DATA),
    ]


def checked(result: ConvertResult, proof: VerifyResult) -> Answer:
    """Answer of ``convert --verify``: that of ``convert``, and of ``verify`` but for what to run next."""
    data, (*before, last) = converted(result)
    values, proven = _proven(result.bundle.path, proof)
    if not proof.certificate.passed:
        last = following.closer_look(result.bundle.path, result.bundle.manifest)
    return data | {"verify": values}, [*before, *proven, last]


def inspected(result: Inspection) -> Answer:
    """Answer of ``inspect``."""
    data = {
        "schema": "neurotool.inspect/1",
        "bundle": str(result.path),
        "manifest": result.manifest.model_dump(mode="json"),
        "programs": program_values(result.programs),
        "quantisation": dict(result.records),
        "resources": resource_values(result.placements),
        "runs": list(result.runs),
    }
    return data, [
        _configuration(result.path, result.manifest),
        split.reasons(result.manifest.parts, result.manifest.reasons),
        split.boundaries(result.manifest.boundaries),
        *_on_chip(result.programs, result.records, result.placements),
        facts("Kept", {"runs": result.runs}),
        next_command("neurotool", "run", str(result.path), "--input", following.DATA),
    ]


def exported(bundle: Path, form: str, files: Sequence[Path]) -> Answer:
    """Answer of ``export``."""
    data = {
        "schema": "neurotool.export/1",
        "bundle": str(bundle),
        "format": form,
        "tested_on_silicon": False,
        "files": [str(file) for file in files],
    }
    scripts = [next_command("python", str(file), "--help") for file in files if file.suffix == ".py"]
    tested = "by reading it back, with Norse too" if form == "nir" else "with Lava's simulation only, never on silicon"
    known = {"model": bundle, "files": tuple(files), "tested": tested}
    return data, [facts("Export", known), *scripts[:1]]


def ran(
    bundle: Path, data_file: Path, result: RunResult, *, read_by: Sequence[str] = (), explain: bool = False
) -> Answer:
    """Answer of ``run``; ``read_by`` are the options for the data file, ``explain`` adds how all was computed."""
    layers = {
        part: {name: activity(trace.spikes[name]) for name in trace.spikes} for part, trace in result.traces.items()
    }
    data = {
        "schema": "neurotool.run/1",
        "bundle": str(bundle),
        "target": result.target,
        "samples": result.samples,
        "accuracy": result.accuracy,
        "seconds": result.seconds,
        "activity": layers,
        "boundaries": [crossing.to_json() for crossing in result.crossings],
        "notes": list(result.notes),
        "facts": {part: dict(trace.facts) for part, trace in result.traces.items()},
        "run": str(result.run_dir) if result.run_dir else None,
    }
    accuracy = None if result.accuracy is None else f"{result.accuracy:.2%}, simulated on {result.samples} samples"
    head = {
        "spiking half on": result.target,
        "samples": result.samples,
        "accuracy": accuracy,
        "wall-clock time": f"{result.seconds:.2f} s, start-up of torch and the engine included",
        "throughput": _throughput(result),
        "note": result.notes,
        "kept in": result.run_dir,
    }
    table = grid("Activity", "layer", "part", ">neurons", ">spikes per sample", ">rate per step")
    for part, found in layers.items():
        for name, seen in found.items():
            per_sample, rate = f"{seen['spikes_per_sample']:,.1f}", f"{seen['rate']:.2%}"
            table.add_row(name, part, f"{seen['neurons']:,}", per_sample, rate)
    paths = [
        facts(f"How {part} was computed", computed(trace.facts)) for part, trace in result.traces.items() if explain
    ]
    last = next_command("neurotool", "verify", str(bundle), "--input", str(data_file), *read_by)
    crossed = [split.crossings(result.crossings)] if result.crossings else []
    return data, [facts("Run", head), table, *crossed, *paths, last]


def _throughput(result: RunResult) -> tuple[str, ...]:
    """What each spiking part did per second, where its target says so."""
    rates = ("neuron-steps per second", "synaptic operations per second")
    return tuple(
        ", ".join([part, *(f"{trace.facts[rate]} {rate}" for rate in rates)])
        for part, trace in result.traces.items()
        if all(rate in trace.facts for rate in rates)
    )


def verified(bundle: Path, data_file: Path, result: VerifyResult, read_by: Sequence[str] = ()) -> Answer:
    """Answer of ``verify``; ``read_by`` are the options for the data file."""
    from neurotool.ir.bundle import Bundle

    data, proven = _proven(bundle, result)
    if result.certificate.passed:
        last = next_command("neurotool", "estimate-energy", str(bundle), "--input", str(data_file), *read_by)
    else:
        last = following.closer_look(bundle, Bundle.open(bundle).manifest)
    return data, [*proven, last]


def _proven(bundle: Path, result: VerifyResult) -> Answer:
    """What every command that verifies says: the certificate, the boundaries, and where they are kept."""
    data = result.certificate.to_json() | {"bundle": str(bundle), "run": str(result.run_dir)}
    data |= {"boundaries": [check.to_json() for check in result.boundaries]}
    crossed = [split.checks(result.boundaries)] if result.boundaries else []
    kept = facts("", {"certificate kept in": result.run_dir})
    return data, [*certificate.summary(result.certificate), *crossed, kept]


def demonstrated(result: DemoResult) -> Answer:
    """Answer of ``demo``: the main figures of every step."""
    bundle, proof, report = result.converted.bundle.path, result.verified.certificate, result.energy.report
    data = {
        "schema": "neurotool.demo/1",
        "bundle": str(bundle),
        "convert": converted(result.converted)[0],
        "run": ran(bundle, bundle.parent / "digits-test.npz", result.engine)[0],
        "verify": _proven(bundle, result.verified)[0],
        "energy": report.to_json(),
    }
    return data, [
        split.nodes(result.converted.partition),
        split.boundaries(result.converted.partition.boundaries),
        chip.populations(result.converted.programs),
        chip.resources(result.converted.placements),
        certificate.runs(proof),
        certificate.pairs(proof),
        *certificate.not_compared(proof),
        certificate.verdict(proof),
        energy.totals(report),
        story.in_short(result),
        next_command("neurotool", "inspect", str(bundle)),
    ]


def _configuration(path: Path, manifest: Manifest) -> RenderableType:
    return facts(
        "Configuration",
        {
            "bundle": path,
            "source": manifest.source.spec,
            "time step": format_si(manifest.dt, "s"),
            "neurons as in": manifest.convention.summary,
            "input": tuple(_input(record) for record in manifest.inputs),
            "calibrated with": _calibrated(manifest.calibration),
            "weights": _widths(manifest.options),
            "chip": manifest.options.chip,
            "assumed": manifest.notes,
        },
    )


def _calibrated(record: CalibrationRecord | None) -> str:
    if record is None:
        return "nothing"
    of_all = f" of {record.available}" if record.available not in (None, record.samples) else ""
    return f"{record.path}, {record.samples}{of_all} samples"


def _widths(options: OptionsRecord) -> str:
    wished = "".join(f", {pattern} {bits} bits" for pattern, bits in options.layer_bits)
    return f"{options.weight_bits} bits{wished}"


def _input(record: InputRecord) -> str:
    coded = f"{record.encode}, {record.steps} steps" if record.encode and record.steps else record.encode
    return f"{record.name}, {'x'.join(map(str, record.shape))}, {coded or record.coding}"


def _on_chip(
    programs: Mapping[str, ChipProgram], records: Mapping[str, list[dict[str, Any]]], placed: Mapping[str, Placement]
) -> list[RenderableType]:
    rows = [record for found in records.values() for record in found]
    if not programs:
        return []
    return [chip.populations(programs), chip.projections(programs), chip.rounding(rows), chip.resources(placed)]
