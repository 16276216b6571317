"""What a NIR graph may hold here: node types, no loops, sums only in neurons."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import nir
import numpy as np

from neurotool.converters.nir.contents import Contents
from neurotool.diagnostics import Diagnostic
from neurotool.ir.graph import SPIKING_TYPES

NEURONS: tuple[type[nir.NIRNode], ...] = (*SPIKING_TYPES, nir.LI, nir.CubaLI)
WEIGHTED: tuple[type[nir.NIRNode], ...] = (nir.Linear, nir.Affine)
SYNAPSES: tuple[type[nir.NIRNode], ...] = (*WEIGHTED, nir.Scale)
TYPES: dict[str, type[nir.NIRNode]] = {t.__name__: t for t in (*SYNAPSES, nir.Flatten, *NEURONS, nir.Input, nir.Output)}

_AS_MATRIX = "flatten its input and write it as one Linear or Affine node"
_REWRITES = {
    "NIRGraph": "put the nodes of the inner graph into the outer one",
    "Conv1d": _AS_MATRIX,
    "Conv2d": _AS_MATRIX,
    "SumPool2d": _AS_MATRIX,
    "AvgPool2d": _AS_MATRIX,
    "Delay": "shift the input by the delay, or relay the spikes through IF neurons, one step each",
    "Threshold": "write an LIF with tau = dt and r = 1: it has no memory under forward Euler",
    "I": "write an LI with a time constant much longer than a sample",
}


def unsupported(contents: Contents) -> list[Diagnostic]:
    """List everything in a graph that is valid NIR but has no meaning here."""
    return [*_types(contents), *_loops(contents), *_sums(contents)]


def _types(contents: Contents) -> list[Diagnostic]:
    found = []
    for name in contents.nodes:
        kind = contents.type_of(name)
        if not kind:
            continue  # no node at all, which the check of the fields reports
        if kind not in TYPES:
            fix = _REWRITES.get(kind, f"use one of {', '.join(TYPES)}")
            found.append(contents.error("NT-NIR-001", name, f"{kind} nodes are not supported", found=kind, fix=fix))
        if TYPES.get(kind) in WEIGHTED and np.ndim(contents.nodes[name].get("weight", 0)) > 2:
            axes = f"{np.ndim(contents.nodes[name]['weight'])} axes"
            message = f"{kind} weights with {axes} are not supported"
            fix = "flatten its input and write one matrix [out, in]"
            found.append(contents.error("NT-NIR-001", name, message, found=axes, limit="2 axes", fix=fix))
    return found


def _loops(contents: Contents) -> list[Diagnostic]:
    graph = contents.networkx()
    loops = [c for c in nx.strongly_connected_components(graph) if len(c) > 1 or any(graph.has_edge(n, n) for n in c)]
    found = []
    for loop in loops:
        members = [name for name in graph if name in loop]
        listing = ", ".join(members)
        fix = "unroll the recurrence, or train without it"
        found.append(contents.error("NT-NIR-002", members[0], f"is in a loop: {listing}", found=listing, fix=fix))
    return found


def _sums(contents: Contents) -> list[Diagnostic]:
    fed = Counter(target for _, target in dict.fromkeys(contents.links))
    found = []
    for name, count in fed.items():
        kind = TYPES.get(contents.type_of(name)) if name in contents.nodes else None
        if count > 1 and kind is not None and kind not in (*NEURONS, nir.Input):
            message = f"{kind.__name__} takes one input, {count} edges lead to it"
            fix = "lead every branch through a synapse of its own to the neuron"
            found.append(contents.error("NT-NIR-003", name, message, found=f"{count} edges", limit="1 edge", fix=fix))
    return found
