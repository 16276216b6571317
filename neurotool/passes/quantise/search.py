"""Tries several scales of each recurrent component on data, and keeps the one whose spikes agree best.

In a loop every changed spike changes others, so that how well a scale does cannot be read off the weights: two scales
that round equally well on average may differ by tens of percent of the spikes. What a try costs is one run of the
program; who runs it is not this pass's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import networkx as nx
import numpy as np

from neurotool.errors import UnsupportedError
from neurotool.ir.graph import Graph
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.passes.quantise.quantise import Quantised, quantise
from neurotool.passes.quantise.records import PopulationRecord, Try
from neurotool.passes.quantise.settings import Settings

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
            with other exponents.
        score: Judges a program.
        progress: Told of (done, total) tries.

    Returns:
        The best, with the tries in the records of the populations concerned; ties go to the first.
    """
    best, tried, done = settings, dict[str, tuple[Try, ...]](), 0
    components = loops(graph)
    for component in components:
        found: list[Try] = []
        for i in range(tries):
            share = 2.0 ** (-i / tries)
            agreement = _agreement(graph, ports, ranges, _shared(best, component, share), component, score)
            found += [] if agreement is None else [Try(share, agreement)]
            done += 1
            if progress is not None:
                progress(done, tries * len(components))
        if found:
            best = _shared(best, component, max(found, key=lambda t: t.cosine).share)
            tried |= dict.fromkeys(component, tuple(found))
    result = quantise(graph, ports, ranges, best)
    return replace(result, records=tuple(_with_tries(record, tried) for record in result.records))


def _shared(settings: Settings, component: tuple[str, ...], share: float) -> Settings:
    return replace(settings, shares={**settings.shares, **dict.fromkeys(component, share)})


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
    except UnsupportedError:  # the scale does not fit; the caller quantises without a search if none does
        return None
    cosines = score(program)
    return float(np.mean([cosines[name] for name in component if name in cosines]))


def _with_tries(record: PopulationRecord, tried: Mapping[str, tuple[Try, ...]]) -> PopulationRecord:
    return replace(record, tries=tried.get(record.population, ()))
