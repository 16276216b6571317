"""What rounded weights stand for, put back into the nodes of the float graph where these can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import nir
import numpy as np

from neurotool.arrays import Float64Array
from neurotool.ir.graph import NEURON_TYPES, Graph
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.passes.quantise.layer import Synapses, bias_axon, layer
from neurotool.passes.quantise.split import meant_by

_WEIGHTED = (nir.Linear, nir.Affine, nir.Conv1d, nir.Conv2d)


def rounded_graph(graph: Graph, ports: Mapping[str, InputPort], program: ChipProgram) -> Graph:
    """Return the graph with the weights that its integers stand for.

    That is done where the weights of a node are synapses one by one; where several nodes are composed into one
    set of synapses (a pooling before a matrix, a node that feeds two populations) they stay as they are. Rounding the
    result at the same scales gives the same integers, but for a fine step of split weights that lie between two coarse
    ones.

    Args:
        graph: The float graph of a part, discretised.
        ports: How each input enters the chip.
        program: What the quantiser made of it.
    """
    units = {name: port.scale for name, port in ports.items()}
    nodes = dict(graph.nodes)
    for name in graph.neurons:
        found = layer(graph, graph.nodes[name], units)
        held = {s.name: meant_by(program, name, s) for s in found.synapses}
        axon = next((s for s in found.synapses if s.source == bias_axon(name)), None)
        biased = [n for n in (_alone(graph, s, name) for s in found.synapses) if n and _bias(graph, n) is not None]
        for s in found.synapses:
            node = _alone(graph, s, name)
            if node is None:
                continue
            op: Any = graph.nodes[node].op
            fields = {"weight": _put(op.weight, s.weights, held[s.name])}
            if axon is not None and biased == [node]:
                fields["bias"] = _put(op.bias, axon.weights, held[axon.name])
            nodes[node] = replace(graph.nodes[node], op=replace(op, **fields))
    return replace(graph, nodes=nodes)


def _alone(graph: Graph, synapses: Synapses, population: str) -> str | None:
    """The node whose weights are these synapses: the only weighted one on the path, and on no other path."""
    node = graph.nodes.get(synapses.name)
    if node is None or not isinstance(node.op, _WEIGHTED) or np.size(node.op.weight) != synapses.weights.size:
        return None
    targets = {edge.target for edge in graph.outgoing(synapses.name)}
    return synapses.name if targets == {population} and _hears_a_source(graph, synapses.name) else None


def _hears_a_source(graph: Graph, name: str) -> bool:
    """Whether a node takes the value of one population or input, as it is or flattened."""
    incoming = graph.incoming(name)
    if len(incoming) != 1:
        return False
    before = graph.nodes[incoming[0].source]
    if isinstance(before.op, nir.Flatten):
        return _hears_a_source(graph, before.name)
    return isinstance(before.op, (*NEURON_TYPES, nir.Input))


def _bias(graph: Graph, node: str) -> Any:
    bias = getattr(graph.nodes[node].op, "bias", None)
    return bias if bias is not None and np.any(bias) else None


def _put(old: Any, wanted: Float64Array, held: Float64Array) -> Any:
    """Scale each parameter by what became of its synapse."""
    old = np.asarray(old)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(wanted != 0.0, held / wanted, 1.0).reshape(old.shape)
    return (old.astype(np.float64) * factor).astype(old.dtype)
