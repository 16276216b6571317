"""Which nodes the chip could run: one function per rule, whose first line is the rule as a user reads it."""

from __future__ import annotations

from collections.abc import Callable

import nir

from neurotool.ir.graph import NEURON_TYPES, SPIKING_TYPES, Graph, Node
from neurotool.ir.values import TimeScope, ValueKind
from neurotool.passes.partition.operations import dense_reason

SYNAPSE_TYPES = (nir.Linear, nir.Affine, nir.Scale, nir.Conv1d, nir.Conv2d, nir.SumPool2d, nir.AvgPool2d)
PATH_TYPES = (*SYNAPSE_TYPES, nir.Flatten, nir.Delay)
"""What may stand on a path between populations: synapses, and what only reshapes or delays their values."""

CHIP_TYPES = (*NEURON_TYPES, *PATH_TYPES)

Check = Callable[[Graph, Node], str]
"""Returns why a node breaks the rule, or an empty string."""


def is_synapse_or_neuron(graph: Graph, node: Node) -> str:
    """Only synapses and neurons run on the chip."""
    return "" if isinstance(node.op, CHIP_TYPES) else f"{node.type_name} is neither a synapse nor a neuron"


def runs_step_by_step(graph: Graph, node: Node) -> str:
    """A chip operation works step by step on values with a time axis."""
    if node.timed and node.scope is TimeScope.PER_STEP:
        return ""
    return "its value has no time axis" if not node.timed else "it needs the whole raster at once"


def synapses_end_at_neurons(graph: Graph, node: Node) -> str:
    """A synaptic layer feeds nothing but neurons."""
    if not isinstance(node.op, SYNAPSE_TYPES) or node.kind is ValueKind.CURRENT:
        return ""
    return f"{node.type_name} is not followed by a neuron"


def readout_leaves_the_chip(graph: Graph, node: Node) -> str:
    """A read-out does not feed further synapses or neurons."""
    if not isinstance(node.op, NEURON_TYPES) or isinstance(node.op, SPIKING_TYPES):
        return ""
    consumers = [graph.nodes[e.target] for e in graph.outgoing(node.name)]
    fed = [c.name for c in consumers if isinstance(c.op, CHIP_TYPES) and c.kind is not ValueKind.FLOAT]
    return f"its potential feeds {', '.join(fed)}" if fed else ""


CHECKS: dict[str, Check] = {
    "NT-PART-001": is_synapse_or_neuron,
    "NT-PART-002": runs_step_by_step,
    "NT-PART-003": synapses_end_at_neurons,
    "NT-PART-004": readout_leaves_the_chip,
}


def obstacle(graph: Graph, node: Node) -> tuple[str, str] | None:
    """Return (rule, reason) for the first rule that keeps a node off the chip, or None if it may run there.

    An operation that has a rule of its own, such as attention, is refused by that one.
    """
    named = dense_reason(graph, node)
    if named is not None:
        return named
    for rule, check in CHECKS.items():
        reason = check(graph, node)
        if reason:
            return rule, reason
    return None


def holds(node: Node) -> str:
    """Say which nodes of the model a folded synapse is made of, such as a batch normalisation; empty for others."""
    parts = node.origin.split(" * ")
    return f"; it holds {', '.join(parts)}" if len(parts) > 1 else ""
