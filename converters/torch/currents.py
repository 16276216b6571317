"""What the values between synapses and neurons are, once all nodes are known."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace

import nir
import torch

from neurotool.ir.graph import NEURON_TYPES, Edge, Node, Operand, TorchOp, edge_from
from neurotool.ir.values import ValueKind

FEEDS_THROUGH = (
    nir.Linear,
    nir.Affine,
    nir.Scale,
    nir.Flatten,
    nir.Conv1d,
    nir.Conv2d,
    nir.AvgPool2d,
)

_SUMS = (operator.add, torch.add, torch.Tensor.add)


def drop_sums(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> tuple[dict[str, Node], list[Edge]]:
    """Replace additions in front of neurons by one edge for each addend: the inputs of a neuron add up anyway.

    Last additions first, so that a sum of sums goes too.
    """
    left, links = dict(nodes), list(edges)
    for name, node in reversed(tuple(nodes.items())):
        addends = [e.source for e in sorted(links, key=lambda e: e.argument) if e.target == name]
        consumers = [left[e.target] for e in links if e.source == name]
        if _is_sum(node, [left[a] for a in addends]) and consumers and _take_both(consumers, addends, links):
            del left[name]
            links = _around(left, links, name)
    return left, links


def _is_sum(node: Node, addends: Sequence[Node]) -> bool:
    """Whether a node adds two different values of its own shape."""
    op = node.op
    return (
        isinstance(op, TorchOp)
        and op.call in _SUMS
        and [a.index for a in op.args if isinstance(a, Operand)] == [0, 1]
        and len(op.args) == 2
        and not op.kwargs
        and all((a.shape, a.timed) == (node.shape, node.timed) for a in addends)
    )


def _take_both(consumers: Sequence[Node], addends: Sequence[str], links: Sequence[Edge]) -> bool:
    """Whether all consumers are neurons that do not hear an addend already."""
    fed = {(e.source, e.target) for e in links}
    return all(isinstance(c.op, NEURON_TYPES) and not any((a, c.name) in fed for a in addends) for c in consumers)


def _around(nodes: Mapping[str, Node], links: Sequence[Edge], gone: str) -> list[Edge]:
    """Lead the addends of a node that is gone to its consumers, and number their inputs again."""
    into = [e for e in sorted(links, key=lambda e: e.argument) if e.target == gone]
    ways: list[tuple[str, str, int]] = []
    for edge in sorted(links, key=lambda e: e.argument):
        if edge.source == gone:
            ways += [(addend.source, edge.target, addend.delay + edge.delay) for addend in into]
        elif edge.target != gone:
            ways.append((edge.source, edge.target, edge.delay))
    moved = {edge.target for edge in links if edge.source == gone}
    kept = [edge for edge in links if edge.target not in (gone, *moved)]
    for target in moved:
        sources = [(source, delay) for source, t, delay in ways if t == target]
        kept += [edge_from(nodes[source], target, number, delay) for number, (source, delay) in enumerate(sources)]
    return kept


def feeds_through(node: Node) -> bool:
    """Whether a node is linear: a synapse, or a batch normalisation that the fold pass makes a part of one."""
    if isinstance(node.op, TorchOp):
        return isinstance(node.op.call, _BATCH_NORMS) and not node.op.sees_time and _is_fixed(node.op.call)
    return isinstance(node.op, FEEDS_THROUGH)


def _is_fixed(norm: torch.nn.Module) -> bool:
    return norm.running_mean is not None


_BATCH_NORMS = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)


def mark_currents(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> tuple[dict[str, Node], list[Edge]]:
    """Set the kind of linear nodes that feed nothing but neurons, and of what only hands a value on."""
    consumers: dict[str, list[Node]] = {name: [] for name in nodes}
    sources: dict[str, str] = {}
    for edge in edges:
        consumers[edge.source].append(nodes[edge.target])
        sources[edge.target] = edge.source
    feeds: dict[str, bool] = {}
    for name in reversed(tuple(nodes)):
        feeds[name] = bool(consumers[name]) and all(
            isinstance(c.op, NEURON_TYPES) or (feeds_through(c) and feeds.get(c.name, False)) for c in consumers[name]
        )
    marked: dict[str, Node] = {}
    for name, node in nodes.items():
        kind = node.kind
        if isinstance(node.op, nir.Flatten | nir.Output):
            kind = marked[sources[name]].kind
        elif feeds_through(node) and feeds[name]:
            kind = ValueKind.CURRENT
        marked[name] = replace(node, kind=kind)
    return marked, [replace(e, kind=marked[e.source].kind) for e in edges]
