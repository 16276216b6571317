"""What the nodes of a model do in one inference, wherever they run: sizes and rates for the chip, work for torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import nir
import numpy as np

from neurotool.chips.memory import Storage
from neurotool.chips.needs import ASSUMED_RATE
from neurotool.energy import RatedLayer, dense_counts_of_graph
from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import NEURON_TYPES, SPIKING_TYPES, Graph, TorchOp, subgraph
from neurotool.ir.partition import Side
from neurotool.ir.program import AllToAll, Convolution
from neurotool.ir.values import ValueKind
from neurotool.passes.linear import LinearPath, collect
from neurotool.pipeline.adapters import torch_target


@dataclass(frozen=True, eq=False)
class Activity:
    """How often neurons fire, and where that is known from.

    Attributes:
        rates: Spikes of a neuron in a step, by population and model input.
        source: What was run to find them, or what was assumed.
    """

    rates: Mapping[str, float]
    source: str

    def rate(self, graph: Graph, name: str) -> float:
        """Messages that one element of a value sends in a step: of a float value always one."""
        node = graph.nodes[name]
        if isinstance(node.op, SPIKING_TYPES) or node.kind is ValueKind.SPIKES:
            return self.rates.get(name, ASSUMED_RATE)
        return 1.0


def chip_layers(graph: Graph, sides: Mapping[str, Side], activity: Activity, weight_bits: int) -> dict[str, RatedLayer]:
    """Describe every population that is on the chip.

    Args:
        graph: The graph.
        sides: Side of every node if everything that can runs on the chip.
        activity: How often neurons fire.
        weight_bits: Width of a weight.
    """
    inside = subgraph(graph, [name for name, side in sides.items() if side is Side.SPIKING], [])
    populations = [n.name for n in inside.nodes.values() if isinstance(n.op, NEURON_TYPES)]
    return {name: _layer(inside, name, activity, weight_bits) for name in populations}


def _layer(graph: Graph, name: str, activity: Activity, weight_bits: int) -> RatedLayer:
    node, paths = graph.nodes[name], collect(graph, name)
    neurons = math.prod(node.shape)
    synapses = [_synapses(path, neurons) for path in paths]
    driven = sum(n * activity.rate(graph, path.source) for n, path in zip(synapses, paths, strict=True))
    shared = bool(paths) and all(isinstance(path.connectivity, Convolution) for path in paths)
    dense = all(isinstance(p.connectivity, AllToAll) and np.all(p.weights != 0) for p in paths)
    return RatedLayer(
        name=name,
        neurons=neurons,
        synapses=float(sum(synapses)),
        sources=sum(math.prod(path.shape) for path in paths),
        source_rate=driven / sum(synapses) if sum(synapses) else 0.0,
        rate=activity.rate(graph, name) if isinstance(node.op, SPIKING_TYPES) else 0.0,
        stored=sum(int(path.weights.size) for path in paths) if shared else None,
        weight_bits=weight_bits,
        form=Storage.SHARED if shared else Storage.DENSE if dense else Storage.SPARSE,
    )


def _synapses(path: LinearPath, neurons: int) -> float:
    """Synapses with a weight other than zero; those of a convolution at every position, padding included."""
    stored = float(np.count_nonzero(path.weights))
    return stored * neurons / path.weights.shape[0] if isinstance(path.connectivity, Convolution) else stored


def dense_counts(graph: Graph, steps: int) -> dict[str, DenseCounts]:
    """Work of every node in torch, for one sample.

    Raises:
        UnsupportedError: The work of a node cannot be counted; lists all of them.
    """
    nodes = [n for n in graph.nodes.values() if not isinstance(n.op, nir.Input | nir.Output)]
    opaque = [n.name for n in nodes if isinstance(n.op, TorchOp)]
    found = dict(torch_target().count_nodes(graph, opaque, steps, 1)) if opaque else {}
    for node in nodes:
        if node.name not in found:
            alone = replace(graph, nodes={node.name: node}, edges=())
            found[node.name] = dense_counts_of_graph(alone, steps)
    return {node.name: found[node.name] for node in nodes}
