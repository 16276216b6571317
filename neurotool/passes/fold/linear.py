"""Composes chains of linear nodes in front of neurons into one node.

A chain of two synaptic layers without neurons in between cannot exist on a chip, and in Lava it would binarise the
intermediate values and cost a step. Only chains that feed neurons (value kind ``CURRENT``) are folded.
"""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import numpy.typing as npt

from neurotool.ir.graph import Edge, Graph, Node
from neurotool.ir.values import ValueKind

LINEAR_TYPES = (nir.Linear, nir.Affine, nir.Scale)


def fold_linear(graph: Graph) -> Graph:
    """Return a graph in which no linear node feeds another linear node on the way to a neuron.

    The folded node keeps the name and origin of the last one of its chain. Weights are composed in float64 and kept in
    the type of the factors, so the result equals the chain up to float rounding.
    """
    nodes = dict(graph.nodes)
    edges = list(graph.edges)
    while (edge := _foldable(nodes, edges)) is not None:
        first, second = nodes[edge.source], nodes[edge.target]
        origin = f"{first.origin} * {second.origin}"
        nodes[second.name] = replace(second, op=_compose(first.op, second.op), origin=origin)
        edges = [replace(e, target=second.name) if e.target == first.name else e for e in edges if e is not edge]
        del nodes[first.name]
    return replace(graph, nodes=nodes, edges=tuple(edges))


def _foldable(nodes: dict[str, Node], edges: list[Edge]) -> Edge | None:
    """Find an edge between two linear nodes whose first has no other consumer, and whose second hears nothing else."""
    for edge in edges:
        first, second = nodes[edge.source], nodes[edge.target]
        if (
            isinstance(first.op, LINEAR_TYPES)
            and isinstance(second.op, LINEAR_TYPES)
            and second.kind is ValueKind.CURRENT
            and not edge.delay
            and sum(e.source == first.name or e.target == second.name for e in edges) == 1
            and _matrix_sized(first.op, second.op)
        ):
            return edge
    return None


def _matrix_sized(first: nir.NIRNode, second: nir.NIRNode) -> bool:
    """Whether the two compose: element-wise scales of multi-dimensional values only with each other."""
    if isinstance(first, nir.Scale) and isinstance(second, nir.Scale):
        return True
    scale = first if isinstance(first, nir.Scale) else second
    return not isinstance(scale, nir.Scale) or np.ndim(scale.scale) <= 1


def _compose(first: nir.NIRNode, second: nir.NIRNode) -> nir.NIRNode:
    if isinstance(first, nir.Scale) and isinstance(second, nir.Scale):
        return nir.Scale(scale=_product(first.scale, second.scale))
    weight = _compose_weight(first, second)
    bias = _compose_bias(first, second)
    return nir.Linear(weight=weight) if bias is None else nir.Affine(weight=weight, bias=bias)


def _product(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return np.asarray(np.multiply(a, b, dtype=np.float64), np.result_type(a, b))


def _compose_weight(first: nir.NIRNode, second: nir.NIRNode) -> npt.NDArray[np.generic]:
    if isinstance(first, nir.Scale):
        return _product(second.weight, first.scale[None, :] if first.scale.ndim else first.scale)
    if isinstance(second, nir.Scale):
        return _product(first.weight, second.scale[:, None] if second.scale.ndim else second.scale)
    weight = np.matmul(second.weight, first.weight, dtype=np.float64)
    return np.asarray(weight, np.result_type(first.weight, second.weight))


def _compose_bias(first: nir.NIRNode, second: nir.NIRNode) -> npt.NDArray[np.generic] | None:
    own = second.bias if isinstance(second, nir.Affine) else None
    if not isinstance(first, nir.Affine):
        return own
    through = first.bias * second.scale if isinstance(second, nir.Scale) else second.weight @ first.bias
    return np.asarray(through if own is None else through + own)
