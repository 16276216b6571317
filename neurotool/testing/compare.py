"""Runs a case on two targets and compares every spike and every state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurotool.ir.adapters import ProgramTarget, RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Raster, Trace
from neurotool.testing.case import Case, describe

SPIKES, OUTPUT = "spikes", "output"


@dataclass(frozen=True)
class Mismatch:
    """Where two traces differ.

    Attributes:
        population: Name of the population.
        variable: State variable, ``spikes`` or ``output``.
        count: Values that differ in this variable.
        first: (row, sample, neuron) of the first of them, the neuron as a flat index.
        found: Value of the target under test there.
        expected: Value of the reference there.
    """

    population: str
    variable: str
    count: int
    first: tuple[int, int, int]
    found: float
    expected: float


def run(target: ProgramTarget, case: Case) -> Trace:
    """Run a case on a target with every state recorded."""
    return target.run_program(case.program, case.inputs, RunOptions(probes=case.probes))


def mismatches(case: Case, found: Trace, expected: Trace) -> tuple[Mismatch, ...]:
    """List where spikes and states differ, the earliest row first, and sources before targets within it.

    Raises:
        AssertionError: The traces cannot be compared, since one lacks a raster or has it in another shape.
    """
    _assert_comparable(case, found, expected)
    different = [
        mismatch
        for name in case.program.populations
        for variable, theirs in _rasters(expected, name).items()
        for mismatch in _differences(name, variable, _rasters(found, name)[variable], theirs)
    ]
    return tuple(sorted(different, key=lambda mismatch: mismatch.first[0]))  # which keeps the order within a row


def _rasters(trace: Trace, population: str) -> dict[str, Raster]:
    """Everything that a trace holds of a population, the causes before the effects."""
    output = {OUTPUT: trace.outputs[population]} if population in trace.outputs else {}
    return {**trace.states.get(population, {}), SPIKES: trace.spikes[population], **output}


def _differences(population: str, variable: str, found: Raster, expected: Raster) -> Iterator[Mismatch]:
    steps, batch = expected.shape[:2]
    ours, theirs = (raster.reshape(steps, batch, -1) for raster in (found, expected))
    where = np.argwhere(ours != theirs)
    if len(where):
        row, sample, neuron = (int(i) for i in where[0])
        values = ours[row, sample, neuron].item(), theirs[row, sample, neuron].item()
        yield Mismatch(population, variable, len(where), (row, sample, neuron), *values)


def _assert_comparable(case: Case, found: Trace, expected: Trace) -> None:
    """Check what a trace must hold besides the right integers."""
    facts = {
        "number of steps": (found.steps, expected.steps),
        "latency": (dict(found.latency), dict(expected.latency)),
        "spikes": (_layout(found.spikes), _layout(expected.spikes)),
        "outputs": (_layout(found.outputs), _layout(expected.outputs)),
        **{
            f"states of {name!r}": (_layout(found.states.get(name, {})), _layout(expected.states.get(name, {})))
            for name in case.program.populations
        },
    }
    for what, (ours, theirs) in facts.items():
        if ours != theirs:
            raise AssertionError(f"{found.target}: {what} is {ours}, {expected.target} has {theirs}\n{case!r}")


def _layout(rasters: object) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape of every raster, and whether it holds truth values, integers or floats."""
    assert isinstance(rasters, dict)
    return {name: (raster.shape, raster.dtype.kind.replace("u", "i")) for name, raster in rasters.items()}


def explain(case: Case, found: Trace, expected: Trace, different: tuple[Mismatch, ...]) -> str:
    """Say where two traces first differ, with everything about that neuron that could be the reason."""
    first = different[0]
    row, sample, neuron = first.first
    population = case.program.populations[first.population]
    lines = [
        f"{found.target} differs from {expected.target} in {sum(m.count for m in different)} values, first:",
        f"population {first.population!r} ({population.model}), {first.variable}, row {row}, sample {sample}, "
        f"neuron {neuron}: {first.found} instead of {first.expected}",
        "parameters of the neuron: "
        + (", ".join(f"{name} {values[neuron]}" for name, values in population.parameters.items()) or "none"),
    ]
    for title, at in (("the row before", row - 1), ("this row", row)):
        if at >= 0:
            lines += [
                f"{trace.target}, {title}: {_moment(trace, case.program, first.population, (at, sample, neuron))}"
                for trace in (expected, found)
            ]
    others = ", ".join(f"{m.population} {m.variable} from row {m.first[0]} ({m.count})" for m in different[1:])
    lines += [f"also: {others}"] if others else []
    lines += [describe(case.program, projection) for projection in case.program.projections_into(first.population)]
    return "\n  ".join(lines)


def _moment(trace: Trace, program: ChipProgram, population: str, where: tuple[int, int, int]) -> str:
    """Values of one neuron in one row."""
    size = program.populations[population].size
    flat = {name: raster.reshape(*raster.shape[:2], size) for name, raster in _rasters(trace, population).items()}
    return ", ".join(f"{name} {raster[where].item()}" for name, raster in flat.items())
