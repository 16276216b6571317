"""Lowers a program and its input to Lava runs.

The samples of a batch run back to back: with T steps per sample, sample k is shown in steps ``[kT, (k+1)T)``. A
population that starts at step d processes it in steps ``[kT+d, (k+1)T+d)`` and is reset at the first of them. Without
loops this is exact: whatever a population fires before its start arrives before its targets start, and what it fires
for the last step of a sample arrives in the targets' last step of that sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from neurotool.ir.program import ChipProgram, OutputKind, Population, Projection
from neurotool.neurons import MODELS
from neurotool.targets.lava.job import Connection, Job, Layer, Source

Raster = npt.NDArray[np.generic]

RUN_BYTES = 256 * 1024**2
"""Input and records of one Lava run; a longer batch is split into several runs."""


@dataclass(frozen=True, eq=False)
class Run:
    """One Lava run: a part of the program without connection to the rest, on part of the batch.

    Attributes:
        job: What the worker runs; its layers are ``populations`` in the same order.
        populations: Names of the populations that run.
        samples: Range of the batch.
        steps: Time steps per sample.
    """

    job: Job
    populations: tuple[str, ...]
    samples: slice
    steps: int


def lower(program: ChipProgram, inputs: Mapping[str, Raster], probes: Mapping[str, Sequence[str]]) -> list[Run]:
    """Plan the Lava runs of a program.

    Args:
        program: A program that has passed the checks.
        inputs: Spikes per port, ``[time, batch, *shape]``.
        probes: State variables to record per population.

    Returns:
        The runs, of which the first axis of records is Lava's step.
    """
    steps, batch = next(iter(inputs.values())).shape[:2]
    runs = []
    for part in _parts(program):
        populations = _populations(program, part)
        for samples in _chunks(batch, steps * _bytes_per_step(program, part, probes)):
            chunk = {name: raster[:, samples] for name, raster in inputs.items() if name in part}
            runs.append(Run(_job(program, populations, chunk, probes, steps, samples), populations, samples, steps))
    return runs


def align(rows: Raster, population: Population, run: Run) -> Raster:
    """Turn a record of a run, (Lava steps, neurons), into ``[time, samples of the run, *shape]``."""
    samples = run.samples.stop - run.samples.start
    rows = rows[population.start : population.start + samples * run.steps]
    return np.ascontiguousarray(rows.reshape(samples, run.steps, *population.shape).swapaxes(0, 1))


def recorded(program: ChipProgram, probes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the state variables to record per population: the probes, and v where the membrane is an output."""
    read = {port.population for port in program.outputs if port.kind is OutputKind.MEMBRANE}
    return {name: tuple(dict.fromkeys((*probes, *(("v",) if name in read else ())))) for name in program.populations}


def _parts(program: ChipProgram) -> Iterator[Set[str]]:
    """Yield sets of ports and populations that are connected with each other; Lava runs one such set at a time."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(program.populations)
    graph.add_edges_from((p.source, p.target) for p in program.projections.values())
    yield from nx.connected_components(graph)


def _populations(program: ChipProgram, part: Set[str]) -> tuple[str, ...]:
    return tuple(name for name in program.populations if name in part)


def _bytes_per_step(program: ChipProgram, part: Set[str], probes: Mapping[str, Sequence[str]]) -> int:
    shown = sum(4 * int(np.prod(port.shape)) for name, port in program.inputs.items() if name in part)
    return shown + sum(
        program.populations[name].size * (1 + 4 * len(probes[name])) for name in _populations(program, part)
    )


def _chunks(batch: int, bytes_per_sample: int) -> Iterator[slice]:
    size = max(1, RUN_BYTES // bytes_per_sample)
    for first in range(0, batch, size):
        yield slice(first, min(first + size, batch))


def _job(
    program: ChipProgram,
    names: tuple[str, ...],
    inputs: Mapping[str, Raster],
    probes: Mapping[str, Sequence[str]],
    steps: int,
    samples: slice,
) -> Job:
    populations = [program.populations[name] for name in names]
    total = steps * (samples.stop - samples.start) + max(population.start for population in populations)
    return Job(
        steps=total,
        sources=tuple(Source(name, _stream(raster, total)) for name, raster in inputs.items()),
        layers=tuple(_layer(population, steps, probes[population.name]) for population in populations),
        connections=tuple(_connection(p) for name in names for p in program.projections_into(name)),
    )


def _connection(projection: Projection) -> Connection:
    return Connection(
        source=projection.source,
        target=projection.target,
        weights=projection.weights,
        weight_exp=projection.weight_exp,
        num_weight_bits=projection.weight_bits,
        sign_mode=projection.sign_mode.value,
        num_message_bits=projection.message_bits,
    )


def _stream(raster: Raster, total: int) -> npt.NDArray[np.int32]:
    """Put the samples one after the other: ``[time, batch, *shape]`` to (neurons, Lava steps), silent at the end."""
    steps, batch = raster.shape[:2]
    rows = raster.swapaxes(0, 1).reshape(steps * batch, -1)
    data = np.zeros((rows.shape[1], total), np.int32)
    data[:, : len(rows)] = rows.T
    return data


def _layer(population: Population, steps: int, probes: Sequence[str]) -> Layer:
    return Layer(
        name=population.name,
        parameters={p.name: np.asarray(population.parameters[p.name]) for p in MODELS[population.model].parameters},
        reset_interval=steps,
        reset_offset=population.start + 1,  # Lava counts steps from 1
        probes=tuple(probes),
    )
