"""The fast path: the integers of the reference engine, population by population over many time steps at once.

Time is cut into chunks, which bounds the memory beyond weights and recordings. Within a chunk, populations that are in
no loop take all steps at once, sources before targets; the populations of a loop step together.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import networkx as nx

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Raster
from neurotool.targets.loihi.engine import Recording, allocate, order_of_steps
from neurotool.targets.loihi.explain import explain
from neurotool.targets.loihi.layers import SCANS, ReferenceLayer, Run, ScanLayer
from neurotool.targets.loihi.workers import Workers

Layer = ScanLayer | ReferenceLayer

WORKSPACE_BYTES = 1 << 21
"""Bound of the activations held at once: small enough to stay in a cache between the product and the scan."""

PROGRESS_MARKS = 20
"""Chunks that a run is cut into, at least, when somebody watches it."""


def simulate_fast(
    program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions, chunk: int | None = None
) -> tuple[Recording, dict[str, str]]:
    """Run a checked program on checked inputs, with the answers of :func:`neurotool.targets.loihi.engine.simulate`.

    Args:
        program: The program.
        inputs: Spikes per input port, ``[time, batch, neuron]``, bool or integer.
        options: Probes, strictness, progress.
        chunk: Time steps to treat at once; chosen from the sizes if None.

    Returns:
        The recording of all populations, and which way each population took, at what speed.

    Raises:
        NegativeAnswerError: In strict mode, the first state that left the range of the chip.
    """
    steps, batch = next(iter(inputs.values())).shape[:2]
    began = time.perf_counter()
    with Workers() as workers:
        run = Run(program, inputs, allocate(program, steps, batch, options.probes), options.strict, workers)
        groups = [_layers(run, names, looped) for names, looped in components(program)]
        total = steps
        chunk = chunk or chunk_length(program, batch, total, watched=options.progress is not None)
        for first in range(0, total, chunk):
            last = min(first + chunk, total)
            for layers in groups:
                _advance(layers, first, last)
            run.refuse()
            if options.progress:
                options.progress(last, total)
    layers_run = [layer for layers in groups for layer in layers]
    return run.recording, explain(run, layers_run, time.perf_counter() - began)


def components(program: ChipProgram) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the populations that must step together, in that order, and whether they form a loop; sources first."""
    order = order_of_steps(program)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(program.populations)
    graph.add_edges_from((p.source, p.target) for p in program.projections.values() if p.source in program.populations)
    condensed = nx.condensation(graph)
    for node in nx.topological_sort(condensed):
        members = condensed.nodes[node]["members"]
        names = tuple(name for name in order if name in members)
        yield names, len(names) > 1 or graph.has_edge(names[0], names[0])


def chunk_length(program: ChipProgram, batch: int, total: int, *, watched: bool) -> int:
    """Return how many time steps fit the workspace; fewer if somebody wants to see progress."""
    widest = max((sum(program.populations[name].size for name in names) for names, _ in components(program)), default=1)
    fitting = max(1, WORKSPACE_BYTES // (4 * batch * widest))
    return min(fitting, -(-total // PROGRESS_MARKS)) if watched else fitting


def _layers(run: Run, names: tuple[str, ...], looped: bool) -> list[Layer]:
    loop = frozenset(names) if looped else frozenset()
    populations = [run.program.populations[name] for name in names]
    return [(ScanLayer if p.model in SCANS else ReferenceLayer)(run, p, loop) for p in populations]


def _advance(layers: list[Layer], first: int, last: int) -> None:
    for layer in layers:
        layer.prepare(first, last)
    stride = 1 if layers[0].looped else last - first
    for step in range(first, last, stride):
        for layer in layers:
            layer.advance(step, step + stride)
    for layer in layers:
        layer.release()
