"""Lowers a program and its input to Lava runs.

The samples of a batch run back to back. A population processes row r of sample k in Lava's step
``k * interval + start + r`` and rests at all other times (:class:`neurotool.targets.lava.window.Window`). The interval
is the number of time steps and a pause that is as long as any message stays on its way beyond the row it was sent in.
So whatever a population hears while it is live was sent while its source was, and for the same sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from neurotool.ir.program import ChipProgram, OutputKind, Population
from neurotool.neurons import MODELS
from neurotool.targets.lava.arguments import arguments
from neurotool.targets.lava.job import Job, Layer, Source
from neurotool.targets.lava.synapses import connection
from neurotool.targets.lava.window import Window

Raster = npt.NDArray[np.generic]

RUN_BYTES = 256 * 1024**2
"""Input and records of one Lava run; a longer batch is split into several runs."""


@dataclass(frozen=True, eq=False)
class Run:
    """One Lava run: a part of the program without connection to the rest, on part of the batch.

    Attributes:
        job: What the worker runs; its layers are ``populations`` in the same order.
        populations: Names of the populations that run.
        samples: Number of samples of the batch.
    """

    job: Job
    populations: tuple[str, ...]
    samples: int


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
        names = tuple(name for name in program.populations if name in part)
        interval = steps + _pause(program, names)
        layers = tuple(_layer(program.populations[name], steps, interval, probes[name]) for name in names)
        shown = {name: raster for name, raster in inputs.items() if name in part}
        for samples in _chunks(batch, interval * _bytes_per_step(shown, layers)):
            chunk, count = {name: raster[:, samples] for name, raster in shown.items()}, samples.stop - samples.start
            runs.append(Run(_job(program, layers, chunk, count), names, count))
    return runs


def align(rows: Raster, population: Population, window: Window, samples: int) -> Raster:
    """Turn a record of a run, (Lava steps, neurons), into ``[time, samples, *shape]``."""
    live = window.start + window.interval * np.arange(samples) + np.arange(window.steps)[:, None]
    raster: Raster = rows[live].reshape(window.steps, samples, *population.shape)
    return raster


def recorded(program: ChipProgram, probes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the state variables to record per population: the probes it has, and v where the membrane is an output."""
    read = {port.population for port in program.outputs if port.kind is OutputKind.MEMBRANE}
    found = {}
    for name, population in program.populations.items():
        wanted = {*probes, "v"} if name in read else set(probes)
        found[name] = tuple(state for state in MODELS[population.model].states if state in wanted)
    return found


def _pause(program: ChipProgram, names: Sequence[str]) -> int:
    """Rows between what is sent and the last moment at which it arrives: 0 in a chain of layers without delays."""
    into = (p for name in names for p in program.projections_into(name))
    return max((program.lag(p) + p.delay_range[1] for p in into), default=0)


def _parts(program: ChipProgram) -> Iterator[Set[str]]:
    """Yield sets of ports and populations that are connected with each other; Lava runs one such set at a time."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(program.populations)
    graph.add_edges_from((p.source, p.target) for p in program.projections.values())
    yield from nx.connected_components(graph)


def _bytes_per_step(shown: Mapping[str, Raster], layers: Sequence[Layer]) -> int:
    inputs = sum(4 * math.prod(raster.shape[2:]) for raster in shown.values())
    return inputs + sum(layer.size * ((4 if layer.graded else 1) + 4 * len(layer.probes)) for layer in layers)


def _chunks(batch: int, bytes_per_sample: int) -> Iterator[slice]:
    size = max(1, RUN_BYTES // bytes_per_sample)
    for first in range(0, batch, size):
        yield slice(first, min(first + size, batch))


def _job(program: ChipProgram, layers: tuple[Layer, ...], inputs: Mapping[str, Raster], samples: int) -> Job:
    windows = [layer.window for layer in layers]
    total = (samples - 1) * windows[0].interval + windows[0].steps + max(window.start for window in windows)
    into = (p for layer in layers for p in program.projections_into(layer.name))
    return Job(
        steps=total,
        sources=tuple(Source(name, _stream(raster, windows[0].interval, total)) for name, raster in inputs.items()),
        layers=layers,
        connections=tuple(connection(program, p) for p in into),
    )


def _stream(raster: Raster, interval: int, total: int) -> npt.NDArray[np.int32]:
    """Show one sample after the other: ``[time, batch, *shape]`` to (neurons, Lava steps), silent in between."""
    steps, batch = raster.shape[:2]
    data = np.zeros((math.prod(raster.shape[2:]), total), np.int32)
    for sample, rows in enumerate(raster.reshape(steps, batch, -1).transpose(1, 2, 0)):
        data[:, sample * interval : sample * interval + steps] = rows
    return data


def _layer(population: Population, steps: int, interval: int, probes: Sequence[str]) -> Layer:
    model, made = MODELS[population.model], arguments(population)
    return Layer(
        name=population.name,
        model=model.name,
        size=population.size,
        keywords=made.keywords,
        variables=made.variables,
        states=model.states,
        window=Window(population.start, steps, interval),
        graded=model.graded,
        probes=tuple(probes),
    )
