"""Tries several scales of each recurrent component on data, and keeps the one whose spikes agree best.

In a loop every changed spike changes others, so that how well a scale does cannot be read off the weights: two scales
that round equally well on average may differ by tens of percent of the spikes. What a try costs is one run of the
program; who runs it is not this pass's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import networkx as nx
import numpy as np

from neurotool.errors import UnsupportedError
from neurotool.ir.graph import Graph
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.passes.quantise.bounds import MEMBRANE_HEADROOM
from neurotool.passes.quantise.quantise import Quantised, quantise
from neurotool.passes.quantise.records import PopulationRecord, Try
from neurotool.passes.quantise.settings import Settings

HEADROOMS = (0.6, 0.3)
"""Shares of the potential's range that are tried besides. A neuron that is held far below its threshold, where it
saturates, fires as before once it comes back, or a little earlier; finer units round less all the time."""

Score = Callable[[ChipProgram], Mapping[str, float]]
"""Runs a program on data and gives the agreement of each population's spikes with the float reference, 1 at best."""


def loops(graph: Graph) -> list[tuple[str, ...]]:
    """Populations of each recurrent component that fire, sources before targets."""
    connectivity = graph.networkx()
    whole = nx.condensation(connectivity)
    found = []
    for component in nx.topological_sort(whole):
        members = whole.nodes[component]["members"]
        if len(members) > 1 or any(connectivity.has_edge(n, n) for n in members):
            found.append(tuple(n for n in graph.neurons if n in members))
    return found


def search_scales(
    graph: Graph,
    ports: Mapping[str, InputPort],
    ranges: Mapping[str, Mapping[str, float]],
    settings: Settings,
    tries: int,
    score: Score,
    progress: Callable[[int, int], None] | None = None,
) -> Quantised:
    """Quantise with the best scales found for the recurrent components, one component after the other.

    Args:
        graph: As for :func:`quantise`.
        ports: Likewise.
        ranges: Likewise.
        settings: Where to start from.
        tries: Scales to try for each component, spread evenly over an octave: a factor of two more is the same weights
            with other exponents. Then those of :data:`HEADROOMS` are tried with the best.
        score: Judges a program.
        progress: Told of (done, total) runs.

    Returns:
        The best, with the tries in the records of the populations concerned; ties go to the first.
    """
    best, tried, done = settings, dict[str, tuple[Try, ...]](), 0
    components = loops(graph)
    total = (tries + len(HEADROOMS)) * len(components)
    for component in components:
        found: list[Try] = []
        for i in range(tries + len(HEADROOMS)):
            share = 2.0 ** (-i / tries) if i < tries else _best(found).share
            headroom = MEMBRANE_HEADROOM if i < tries else HEADROOMS[i - tries]
            chosen = _with(best, component, share, headroom)
            agreement = _agreement(graph, ports, ranges, chosen, component, score)
            found += [] if agreement is None else [Try(share, headroom, agreement)]
            done += 1
            if progress is not None:
                progress(done, total)
        best = _with(best, component, _best(found).share, _best(found).headroom)
        tried |= dict.fromkeys(component, tuple(found))
    result = quantise(graph, ports, ranges, best)
    return replace(result, records=tuple(_with_tries(record, tried) for record in result.records))


def _best(found: Sequence[Try]) -> Try:
    return max(found, key=lambda t: t.cosine, default=Try(1.0, MEMBRANE_HEADROOM, 0.0))


def _with(settings: Settings, component: tuple[str, ...], share: float, headroom: float) -> Settings:
    return replace(
        settings,
        shares={**settings.shares, **dict.fromkeys(component, share)},
        headroom={**settings.headroom, **dict.fromkeys(component, headroom)},
    )


def _agreement(
    graph: Graph,
    ports: Mapping[str, InputPort],
    ranges: Mapping[str, Mapping[str, float]],
    settings: Settings,
    component: tuple[str, ...],
    score: Score,
) -> float | None:
    try:
        program = quantise(graph, ports, ranges, settings).program
    except UnsupportedError:  # the scale does not fit; the caller is told if none does
        return None
    cosines = score(program)
    return float(np.mean([cosines[name] for name in component if name in cosines]))


def _with_tries(record: PopulationRecord, tried: Mapping[str, tuple[Try, ...]]) -> PopulationRecord:
    return replace(record, tries=tried.get(record.population, ()))
