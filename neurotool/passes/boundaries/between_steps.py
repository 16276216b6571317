"""Nodes that tie the time steps of a run together: what they make of a step depends on more than the step itself.

A part without such nodes gives the same whether time steps run together or in several runs, one after the other.
"""

from __future__ import annotations

import nir

from neurotool.ir.graph import NEURON_TYPES, Graph, Node, TorchOp
from neurotool.ir.values import TimeScope
from neurotool.passes.boundaries.constant import Evaluate, is_constant


def between_steps(graph: Graph, evaluate: Evaluate) -> tuple[str, ...]:
    """Find the nodes that remember earlier steps, look at several at once, or know which step it is.

    Args:
        graph: A part, cut out with :func:`neurotool.ir.graph.subgraph`.
        evaluate: Computes a few nodes.
    """
    return tuple(name for name, node in graph.nodes.items() if _ties(graph, node, evaluate))


def _ties(graph: Graph, node: Node, evaluate: Evaluate) -> bool:
    if isinstance(node.op, nir.Input | nir.Output):
        return False
    edges = graph.incoming(node.name)
    if isinstance(node.op, (*NEURON_TYPES, nir.Delay)) or any(edge.delay for edge in edges):
        return True
    if any(graph.nodes[edge.source].timed for edge in edges):
        return node.scope is TimeScope.OVER_TIME or _differs_by_step(node)
    return node.timed and not is_constant(graph, node.name, evaluate)


def _differs_by_step(node: Node) -> bool:
    """Whether a torch operation has a parameter with an entry for each step, such as a position."""
    if not isinstance(node.op, TorchOp):
        return False
    rank = len(node.shape) + 2  # time and batch stand before the features
    shapes = [tuple(getattr(given, "shape", ())) for given in (*node.op.args, *node.op.kwargs.values())]
    return any(len(shape) == rank and shape[0] > 1 for shape in shapes)
