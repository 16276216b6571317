"""What the nodes of a model do in one inference, wherever they run: sizes and rates for the chip, work for torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import nir
import numpy as np

from neurotool.chips.memory import Storage
from neurotool.chips.needs import ASSUMED_RATE
from neurotool.energy import RatedLayer
from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import NEURON_TYPES, SPIKING_TYPES, Graph, subgraph
from neurotool.ir.partition import Side
from neurotool.ir.program import AllToAll
from neurotool.ir.values import ValueKind
from neurotool.passes.quantise.layer import Synapses, bias_axon, layer, listed
from neurotool.passes.quantise.split import synapse_bits
from neurotool.passes.quantise.widths import Widths
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


def chip_layers(graph: Graph, sides: Mapping[str, Side], activity: Activity, widths: Widths) -> dict[str, RatedLayer]:
    """Describe every population that is on the chip.

    Args:
        graph: The graph.
        sides: Side of every node if everything that can runs on the chip.
        activity: How often neurons fire.
        widths: Widths of the weights.
    """
    inside = subgraph(graph, [name for name, side in sides.items() if side is Side.SPIKING], [])
    populations = [n.name for n in inside.nodes.values() if isinstance(n.op, NEURON_TYPES)]
    return {name: _layer(inside, name, activity, widths) for name in populations}


def _layer(graph: Graph, name: str, activity: Activity, widths: Widths) -> RatedLayer:
    node = graph.nodes[name]
    neurons = math.prod(node.shape)
    held = [_held(synapses, name, widths) for synapses in layer(graph, node, {}).synapses]
    rates = [1.0 if s.source == bias_axon(name) else activity.rate(graph, s.source) for s, _ in held]
    counts = [_synapses(s, neurons) * len(bits) for s, bits in held]
    forms = {_form(s, bits, neurons) for s, bits in held if s.source != bias_axon(name)}
    form = forms.pop() if len(forms) == 1 else Storage.SPARSE if forms else Storage.DENSE
    stored = [s.weights.size if form is not Storage.SPARSE else int(np.count_nonzero(s.weights)) for s, _ in held]
    entries = sum(n * len(bits) for n, (_, bits) in zip(stored, held, strict=True))
    filled = sum(n * sum(bits) for n, (_, bits) in zip(stored, held, strict=True))
    driven = sum(n * rate for n, rate in zip(counts, rates, strict=True))
    return RatedLayer(
        name=name,
        neurons=neurons,
        synapses=float(sum(counts)),
        sources=sum(math.prod(s.shape) for s, _ in held),
        source_rate=driven / sum(counts) if sum(counts) else 0.0,
        rate=activity.rate(graph, name) if isinstance(node.op, SPIKING_TYPES) else 0.0,
        stored=int(entries),
        weight_bits=filled / entries if entries else 0.0,
        form=form,
    )


def _held(synapses: Synapses, population: str, widths: Widths) -> tuple[Synapses, tuple[int, ...]]:
    """Synapses as the chip would hold them, and the widths of those that hold a weight."""
    bits = synapse_bits(widths.of(synapses, population))
    # A coarse and a fine part need exponents, which only listed synapses have.
    return listed(synapses) if synapses.convolves and len(bits) > 1 else synapses, bits


def _form(synapses: Synapses, bits: Sequence[int], neurons: int) -> Storage:
    """How a core lists synapses: a matrix in the smaller of the two forms."""
    if synapses.convolves:
        return Storage.SHARED
    if not isinstance(synapses.connectivity, AllToAll):
        return Storage.SPARSE
    index = max(neurons - 1, 1).bit_length() * len(bits)
    smaller = np.count_nonzero(synapses.weights) * (sum(bits) + index) < synapses.weights.size * sum(bits)
    return Storage.SPARSE if smaller else Storage.DENSE


def _synapses(synapses: Synapses, neurons: int) -> float:
    """Synapses with a weight other than zero; those of a convolution at every position, padding included."""
    stored = float(np.count_nonzero(synapses.weights))
    return stored * neurons / synapses.weights.shape[0] if synapses.convolves else stored


def dense_counts(graph: Graph, steps: int) -> dict[str, DenseCounts]:
    """Work of every node in torch, for one sample: what a dense part that holds it does once it is exported.

    Raises:
        UnsupportedError: The work of a node cannot be counted; lists all of them.
    """
    names = [n.name for n in graph.nodes.values() if not isinstance(n.op, nir.Input | nir.Output)]
    return dict(torch_target().count_nodes(graph, names, steps, 1))
