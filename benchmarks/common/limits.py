"""The least time that a run could take on this machine, from what its synapses must do."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from common.machine import bandwidth, event_rate, product_rate
from neurotool.ir.program import ChipProgram, Convolution, Projection
from neurotool.ir.trace import Trace


@dataclass(frozen=True)
class Limits:
    """Seconds.

    Attributes:
        product: All synapses by matrix products.
        events: All synapses by adding rows of weights, one for each spike.
        memory: Reading the input and writing the spikes, once. Reading weights is part of the other two.
        better: For each projection the better of products and events, but no less than memory.
    """

    product: float
    events: float
    memory: float
    better: float


def limits(program: ChipProgram, trace: Trace) -> Limits:
    """Return the limits of a run that was recorded."""
    loops = _loops(program)
    product, events = zip(*(_of(program, p, trace, loops) for p in program.projections.values()), strict=True)
    memory = sum(raster.nbytes for raster in trace.spikes.values()) / bandwidth()
    better = sum(min(pair) for pair in zip(product, events, strict=True))
    return Limits(sum(product), sum(events), memory, max(better, memory))


def _of(program: ChipProgram, projection: Projection, trace: Trace, loops: set[str]) -> tuple[float, float]:
    """Seconds of one projection by products and by events."""
    sent = trace.spikes[projection.source]
    targets, spikes = program.size_of(projection.target), int(np.count_nonzero(sent))
    rows = trace.steps * trace.batch
    if isinstance(projection.connectivity, Convolution):
        channels, fan_in = projection.weights.shape[0], projection.weights[0].size
        sources, pixels = fan_in, targets // channels
    else:
        channels, sources, pixels = targets, projection.weights.shape[1], 1
    # Within a loop only the rows of one time step can be multiplied together.
    together = (trace.batch if {projection.source, projection.target} <= loops else rows) * pixels
    product = rows * pixels * sources * channels / product_rate(together, sources, channels)
    share = spikes / sent.size
    active = max(1, round(share * sources))
    events = rows * pixels * sources * channels * share / event_rate(sources, channels, active)
    return product, events


def _loops(program: ChipProgram) -> set[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((p.source, p.target) for p in program.projections.values())
    found: set[str] = set()
    for members in nx.strongly_connected_components(graph):
        if len(members) > 1 or any(graph.has_edge(name, name) for name in members):
            found |= members
    return found
