"""What ``run`` and ``inspect`` answer for a chip program that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from neurotool.cli.chip_values import activity, computed, program_values
from neurotool.cli.following import DATA
from neurotool.cli.summary import chip
from neurotool.cli.summary.tables import facts, grid, next_command
from neurotool.units import format_si

if TYPE_CHECKING:
    from neurotool.ir.program import ChipProgram
    from neurotool.pipeline import ProgramRun


def ran_program(
    path: Path, result: ProgramRun, out: Path | None, *, explain: bool = False
) -> tuple[dict[str, Any], list[RenderableType]]:
    """Answer of ``run`` for a program; ``explain`` adds how each population was computed."""
    trace = result.trace
    rows = {name: activity(raster) for name, raster in trace.spikes.items()}
    data = {
        "schema": "neurotool.program-run/1",
        "program": str(path),
        "target": trace.target,
        "samples": result.samples,
        "steps": trace.steps,
        "seconds": result.seconds,
        "activity": {"program": rows},
        "latency": dict(trace.latency),
        "facts": dict(trace.facts),
        "notes": list(result.notes),
        "out": str(out) if out else None,
    }
    head = {
        "program": path,
        "run on": trace.target,
        "samples": result.samples,
        "time steps": trace.steps,
        "wall-clock time": f"{result.seconds:.2f} s, start-up of the engine included",
        "throughput": tuple(f"{value} {name}" for name, value in trace.facts.items() if name.endswith("per second")),
        "note": result.notes,
        "recording": out,
    }
    table = grid("Activity", "layer", ">starts at step", ">neurons", ">spikes per sample", ">rate per step")
    for name, seen in rows.items():
        start = str(trace.latency.get(name, 0))
        per_sample, rate = f"{seen['spikes_per_sample']:,.1f}", f"{seen['rate']:.2%}"
        table.add_row(name, start, f"{seen['neurons']:,}", per_sample, rate)
    paths = [facts("How it was computed", computed(trace.facts))] if explain else []
    return data, [facts("Run", head), table, *paths]


def inspected_program(path: Path, program: ChipProgram) -> tuple[dict[str, Any], list[RenderableType]]:
    """Answer of ``inspect`` for a program."""
    programs = {"program": program}
    ports = {
        port.name: {"shape": list(port.shape), "message_bits": port.message_bits} for port in program.inputs.values()
    }
    data = {
        "schema": "neurotool.program-inspection/1",
        "program": str(path),
        "dt": program.dt,
        "inputs": ports,
        "outputs": {port.population: port.kind.value for port in program.outputs},
        "programs": program_values(programs),
    }
    head = {
        "program": path,
        "time step": format_si(program.dt, "s"),
        "inputs": tuple(f"{name} {port['shape']}, {_payload(port['message_bits'])}" for name, port in ports.items()),
        "outputs": tuple(f"{port.population}, {port.kind.value}" for port in program.outputs),
        "note": program.notes,
    }
    return data, [
        facts("Program", head),
        chip.populations(programs),
        chip.projections(programs),
        next_command("neurotool", "run", str(path), "--input", DATA),
    ]


def _payload(bits: object) -> str:
    return f"integers of {bits} bits" if bits else "binary spikes"
