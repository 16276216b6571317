"""When populations start, and how long their synapses wait, so that every value meets those it met in the float model.

A connection costs one step on the chip. Row t of a population hears row ``t - lag - delay`` of its source, with
``lag = source start + 1 - target start``. For a value that waits D steps in the float graph, lag and delay must add up
to D, so that the target starts no earlier than ``source start + 1 - D``: a system of difference constraints, whose
smallest solution is the longest way from the inputs. It has none if a loop has more connections than its values wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import networkx as nx
import numpy as np

from neurotool.arrays import Int64Array
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.program import Sparse
from neurotool.passes.quantise.layer import Layer, Synapses, bias_axon, listed
from neurotool.rules import RULES

LONGEST_DELAY = 62
"""Longest delay of a synapse that the chip holds."""

_ORIGIN = ""  # no node has an empty name


@dataclass(frozen=True)
class Schedule:
    """Start steps of input ports (0), populations and bias axons."""

    starts: Mapping[str, int]

    def wait(self, synapses: Synapses, target: str) -> int | Int64Array:
        """Delay in steps that a synapse needs besides the step of its connection, for all or for each source neuron."""
        return synapses.delay - (self.starts[synapses.source] + 1 - self.starts[target])

    def delays(self, synapses: Synapses, target: str) -> Int64Array | None:
        """Delays in the shape of the weights; None where nothing waits."""
        wait = np.asarray(self.wait(synapses, target), np.int64)
        if not wait.any():
            return None
        connectivity = synapses.connectivity
        if isinstance(connectivity, Sparse) and wait.ndim:
            return wait[connectivity.sources]
        return np.array(np.broadcast_to(wait, synapses.weights.shape))


def schedule(layers: Mapping[str, Layer], ports: Mapping[str, object]) -> tuple[Schedule, list[Diagnostic]]:
    """Find the start step of every population, and what has none (NT-QUANT-002) or waits too long (NT-QUANT-011)."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_weighted_edges_from((_ORIGIN, name, 0) for name in (*ports, *layers))
    for name, layer in layers.items():
        if any(s.source == bias_axon(name) for s in layer.synapses):
            graph.add_edge(_ORIGIN, name, weight=-1)  # its axon starts a step earlier
        for synapses in layer.synapses:
            if synapses.source != bias_axon(name):
                _constrain(graph, synapses.source, name, synapses.smallest_delay - 1)
    try:
        reached = nx.single_source_bellman_ford_path_length(graph, _ORIGIN)
    except nx.NetworkXUnbounded:
        return Schedule({}), [_impossible_loop(graph, layers)]
    starts = {name: -int(reached[name]) for name in (*ports, *layers)}
    starts |= {bias_axon(name): starts[name] - 1 for name in layers}
    found = Schedule(starts)
    return found, [f for name, layer in layers.items() for f in _waits(found, name, layer)]


def list_convolutions(layer: Layer, found: Schedule, split: Callable[[Synapses], bool]) -> Layer:
    """Write out the convolutions of a layer that must wait, or that are to be split.

    Only single synapses have delays, and only they have the exponents that a coarse and a fine part need.
    """
    synapses = tuple(
        listed(s) if s.convolves and (split(s) or np.any(found.wait(s, layer.node.name))) else s for s in layer.synapses
    )
    return replace(layer, synapses=synapses)


def _constrain(graph: nx.DiGraph[str], source: str, target: str, weight: int) -> None:
    known = graph.get_edge_data(source, target)
    graph.add_edge(source, target, weight=weight if known is None else min(weight, known["weight"]))


def _impossible_loop(graph: nx.DiGraph[str], layers: Mapping[str, Layer]) -> Diagnostic:
    loop = nx.find_negative_cycle(graph, _ORIGIN)
    connections = len(loop) - 1
    waited = connections + sum(graph[a][b]["weight"] for a, b in pairwise(loop))
    message = f"the loop {' -> '.join(loop)} has {connections} connections, but its values wait {waited} step(s)"
    return Diagnostic(
        "NT-QUANT-002",
        Severity.ERROR,
        loop[0],
        message,
        f"{waited} step(s)",
        f">= {connections}",
        RULES["NT-QUANT-002"].rewrite,
        layers[loop[0]].node.origin,
    )


def _waits(found: Schedule, name: str, layer: Layer) -> list[Diagnostic]:
    findings = []
    for synapses in layer.synapses:
        longest = int(np.max(found.wait(synapses, name)))
        if longest > LONGEST_DELAY:
            rule = "NT-QUANT-011"
            message = f"{synapses.name} waits {longest} steps"
            findings.append(
                Diagnostic(
                    rule,
                    Severity.ERROR,
                    name,
                    message,
                    str(longest),
                    f"0..{LONGEST_DELAY}",
                    RULES[rule].rewrite,
                    synapses.origin,
                )
            )
    return findings
