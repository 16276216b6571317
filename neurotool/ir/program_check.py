"""What must hold for every program, whatever its neuron models: names, references, shapes and start steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from neurotool.ir.connectivity import connectivity_problems
from neurotool.ir.program import (
    AllToAll,
    ChipProgram,
    Connectivity,
    Convolution,
    InputPort,
    Population,
    Projection,
    Sparse,
)

WEIGHT_RANGES: Mapping[type[Connectivity], tuple[int, int]] = {
    AllToAll: (-256, 255),
    Sparse: (-256, 255),
    # Lava's convolutions hold any weight; what a chip holds is checked in strict mode.
    Convolution: (-(1 << 15), (1 << 15) - 1),
}


def problems(program: ChipProgram) -> tuple[str, ...]:
    """List everything that is wrong with the structure of a program, one sentence each.

    The ranges of neuron parameters are not checked here: they belong to the neuron model.
    """
    loose = (*_names(program), *_references(program))
    if loose:  # the other checks follow the references
        return loose
    return (
        *_clock(program),
        *(text for port in program.inputs.values() for text in _input(port)),
        *(text for population in program.populations.values() for text in _population(population)),
        *(text for projection in program.projections.values() for text in _projection(program, projection)),
        *_starts(program),
    )


def _names(program: ChipProgram) -> Iterator[str]:
    seen: set[str] = set()
    kinds: dict[str, Mapping[str, InputPort | Population | Projection]] = {
        "input": program.inputs,
        "population": program.populations,
        "projection": program.projections,
    }
    for kind, members in kinds.items():
        for key, item in members.items():
            if item.name != key:
                yield f"{kind} {key!r} calls itself {item.name!r}"
            if not (key and key.isprintable()):
                yield f"{kind} {key!r} needs a printable name"
            if key in seen:
                yield f"name {key!r} is used twice"
            seen.add(key)


def _references(program: ChipProgram) -> Iterator[str]:
    for projection in program.projections.values():
        if projection.source not in program.inputs and projection.source not in program.populations:
            yield f"projection {projection.name!r} starts at {projection.source!r}, which does not exist"
        if projection.target not in program.populations:
            yield f"projection {projection.name!r} ends at {projection.target!r}, which is no population"
    for output in program.outputs:
        if output.population not in program.populations:
            yield f"output {output.population!r} is no population"


def _clock(program: ChipProgram) -> Iterator[str]:
    if not (0.0 < program.dt < math.inf):
        yield f"dt is {program.dt} s, expected a positive time"


def _input(port: InputPort) -> Iterator[str]:
    if math.prod(port.shape) < 1:
        yield f"input {port.name!r} has shape {port.shape}, which holds no value"
    if not 0 <= port.message_bits <= 32:
        yield f"input {port.name!r}: message_bits is {port.message_bits}, expected 0 to 32"
    if not (0.0 < port.scale < math.inf):
        yield f"input {port.name!r}: scale is {port.scale}, expected a positive number"


def _population(population: Population) -> Iterator[str]:
    where = f"population {population.name!r}"
    if population.start < 0:
        yield f"{where} starts at step {population.start}, expected 0 or later"
    if population.size < 1:
        yield f"{where} has shape {population.shape}, which holds no neuron"
    for name, values in population.parameters.items():
        if values.dtype != np.int64 or values.shape != (population.size,):
            yield (
                f"{where}: parameter {name} is {values.dtype} {values.shape}, "
                f"expected int64 ({population.size},), one value per neuron"
            )


def _projection(program: ChipProgram, projection: Projection) -> Iterator[str]:
    where = f"projection {projection.name!r}"
    yield from (f"{where}: {text}" for text in connectivity_problems(program, projection))
    weights = projection.weights
    low, high = WEIGHT_RANGES[type(projection.connectivity)]
    if weights.size and not low <= weights.min() <= weights.max() <= high:
        yield f"{where}: weights reach from {weights.min()} to {weights.max()}, expected {low} to {high}"
    if not 1 <= projection.weight_bits <= 8:
        yield f"{where}: weight_bits is {projection.weight_bits}, expected 1 to 8"
    if not 0 <= projection.message_bits <= 32:
        yield f"{where}: message_bits is {projection.message_bits}, expected 0 to 32"
    port = program.inputs.get(projection.source)
    if port and projection.message_bits != port.message_bits:
        yield f"{where}: message_bits is {projection.message_bits}, its input sends {port.message_bits}"


def _starts(program: ChipProgram) -> Iterator[str]:
    """A population starts no later than the first spike can reach it, so that none is lost."""
    for projection in program.projections.values():
        first = program.lag(projection) + projection.delay_range[0]
        if first < 0:
            start = program.populations[projection.target].start
            yield (
                f"projection {projection.name!r} first delivers at step {start + first}, "
                f"but {projection.target!r} starts at step {start}"
            )
