"""Makes batch normalisation a part of the synapse in front of it or behind it.

With the statistics of the training fixed, ``torch.nn.BatchNorm1d`` and ``2d`` give
``y = gamma (x - mean) / sqrt(variance + eps) + beta`` for each channel: a scale and a shift. Both go

- into the synapse in front of it, if nothing else hears that one: weights and bias of a layer, a convolution or a
  pooling are per channel of the result, so this is exact;
- else into the layer behind it, if that hears nothing else: a matrix, or a convolution without padding. With padding
  it would not be exact, since zeros are padded after the shift;
- else into a synapse of its own, from every neuron to its own copy.

All of it is exact up to the rounding of float32 weights; the factors are computed in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import nir
import numpy as np
import numpy.typing as npt

from neurotool.arrays import Float64Array
from neurotool.ir.graph import Edge, Graph, Node, Shape, TorchOp
from neurotool.ir.values import TimeScope, ValueKind

BATCH_NORMS = ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d")


@dataclass(frozen=True, eq=False)
class ChannelMap:
    """``y = scale * x + shift`` for each channel, which is the first axis of a value."""

    scale: Float64Array
    shift: Float64Array


def is_batch_norm(node: Node) -> bool:
    """Whether a node normalises by the statistics of the training, in every step and on the way to neurons."""
    fixed = isinstance(node.op, TorchOp) and getattr(node.op.call, "running_mean", None) is not None
    return fixed and node.type_name in BATCH_NORMS and node.kind is ValueKind.CURRENT and _per_step(node)


def fold_batch_norms(graph: Graph) -> Graph:
    """Return a graph without batch normalisation in front of neurons; its notes say where each went."""
    nodes, edges, notes = dict(graph.nodes), list(graph.edges), list(graph.notes)
    for node in [n for n in graph.nodes.values() if is_batch_norm(n)]:
        before, after = _before(node, nodes, edges), _after(node, nodes, edges)
        made = _channels(node)
        if before is not None:
            shape = next(e.shape for e in edges if e.target == before.name)
            op = INTO_RESULT[type(before.op)](before.op, made, shape)
            merged = replace(before, op=op, origin=_joint(before, node))
            edges = [
                replace(e, source=before.name) if e.source == node.name else e for e in edges if e.target != node.name
            ]
        elif after is not None:
            merged = replace(after, op=_into_input(after.op, made), origin=_joint(node, after))
            edges = [
                replace(e, target=after.name) if e.target == node.name else e for e in edges if e.source != node.name
            ]
        else:
            nodes[node.name] = replace(node, op=_alone(made, node.shape))
            notes.append(f"{node.origin} is a synapse of its own")
            continue
        nodes[merged.name] = merged
        del nodes[node.name]
        notes.append(f"{node.origin} is folded into {merged.name}")
    return replace(graph, nodes=nodes, edges=tuple(edges), notes=tuple(notes))


def _per_step(node: Node) -> bool:
    return node.timed and node.scope is TimeScope.PER_STEP


def _joint(first: Node, second: Node) -> str:
    return f"{first.origin} * {second.origin}"


def _channels(node: Node) -> ChannelMap:
    """Scale and shift of a normalisation, from the buffers and parameters of the torch module."""
    assert isinstance(node.op, TorchOp)
    norm: Any = node.op.call
    mean, variance = _values(norm.running_mean), _values(norm.running_var)
    scale = 1.0 / np.sqrt(variance + float(norm.eps))
    shift = -mean * scale
    if norm.weight is not None:
        gamma, beta = _values(norm.weight), _values(norm.bias)
        scale, shift = gamma * scale, gamma * shift + beta
    return ChannelMap(scale, shift)


def _values(tensor: Any) -> Float64Array:
    return np.asarray(tensor.detach().cpu().numpy(), np.float64)


def _before(node: Node, nodes: dict[str, Node], edges: list[Edge]) -> Node | None:
    """Return the synapse in front of a node, if it takes up all that follows it."""
    edge = next(e for e in edges if e.target == node.name)
    first = nodes[edge.source]
    alone = sum(e.source == first.name or e.target == node.name for e in edges) == 1
    matrix = isinstance(first.op, nir.Linear | nir.Affine)
    fits = type(first.op) in INTO_RESULT and (len(node.shape) == 1 or not matrix)
    return first if alone and not edge.delay and fits else None


def _after(node: Node, nodes: dict[str, Node], edges: list[Edge]) -> Node | None:
    """Return the synapse behind a node, if it can take it up."""
    behind = [e for e in edges if e.source == node.name]
    if len(behind) != 1 or behind[0].delay:
        return None
    second = nodes[behind[0].target]
    alone = sum(e.target == second.name for e in edges) == 1 and second.kind is ValueKind.CURRENT
    convolves = isinstance(second.op, nir.Conv1d | nir.Conv2d) and _unpadded(second.op)
    multiplies = isinstance(second.op, nir.Linear | nir.Affine) and len(node.shape) == 1
    return second if alone and (convolves or multiplies) else None


def _unpadded(op: nir.Conv1d | nir.Conv2d) -> bool:
    return op.padding == "valid" if isinstance(op.padding, str) else not np.any(op.padding)


def _matrix_result(op: nir.Linear | nir.Affine, made: ChannelMap, shape: Shape) -> nir.NIRNode:
    bias = op.bias if isinstance(op, nir.Affine) else np.zeros(len(op.weight))
    return nir.Affine(weight=_like(made.scale[:, None] * op.weight, op), bias=_like(made.scale * bias + made.shift, op))


def _convolution_result(op: nir.Conv1d | nir.Conv2d, made: ChannelMap, shape: Shape) -> nir.NIRNode:
    scale = made.scale.reshape(-1, *[1] * (op.weight.ndim - 1))
    return _convolution(op, scale * op.weight, made.scale * op.bias + made.shift)


def _pooling_result(op: nir.AvgPool2d | nir.SumPool2d, made: ChannelMap, shape: Shape) -> nir.NIRNode:
    """A pooling is a convolution with equal weights in each channel."""
    rows, columns = (int(v) for v in np.broadcast_to(op.kernel_size, 2))
    factor = 1.0 / (rows * columns) if isinstance(op, nir.AvgPool2d) else 1.0
    weight = np.broadcast_to(made.scale[:, None, None, None] * factor, (len(made.scale), 1, rows, columns))
    sizes = {name: tuple(int(v) for v in np.broadcast_to(getattr(op, name), 2)) for name in ("stride", "padding")}
    bias = np.asarray(made.shift, np.float32)
    return nir.Conv2d(
        input_shape=(shape[1], shape[2]), weight=np.asarray(weight, np.float32), bias=bias, dilation=(1, 1),
        groups=len(made.scale), **sizes,
    )  # fmt: skip


INTO_RESULT: dict[type[nir.NIRNode], Callable[[Any, ChannelMap, Shape], nir.NIRNode]] = {
    nir.Linear: _matrix_result,
    nir.Affine: _matrix_result,
    nir.Conv1d: _convolution_result,
    nir.Conv2d: _convolution_result,
    nir.AvgPool2d: _pooling_result,
    nir.SumPool2d: _pooling_result,
}
"""How each synapse, fed with a value of some shape, takes up a scale and a shift of what it delivers."""


def _into_input(op: Any, made: ChannelMap) -> nir.NIRNode:
    """Let a synapse take up a scale and a shift of what it is given."""
    if isinstance(op, nir.Linear | nir.Affine):
        own = op.bias if isinstance(op, nir.Affine) else 0.0
        bias = np.asarray(op.weight, np.float64) @ made.shift + own
        return nir.Affine(weight=_like(op.weight * made.scale, op), bias=_like(bias, op))
    channels = _input_channels(op)
    taps = op.weight.reshape(*op.weight.shape[:2], -1).sum(-1, dtype=np.float64)
    scale = made.scale[channels].reshape(*channels.shape, *[1] * (op.weight.ndim - 2))
    return _convolution(op, op.weight * scale, op.bias + (taps * made.shift[channels]).sum(1))


def _input_channels(op: nir.Conv1d | nir.Conv2d) -> npt.NDArray[np.int64]:
    """Input channel of each (result channel, place in its group)."""
    results, size = op.weight.shape[:2]
    group = np.arange(results) // (results // int(op.groups))
    return np.asarray(group[:, None] * size + np.arange(size))


def _alone(made: ChannelMap, shape: Shape) -> nir.NIRNode:
    """A synapse from every neuron to its own copy."""
    if len(shape) == 1:
        return nir.Affine(weight=np.asarray(np.diag(made.scale), np.float32), bias=np.asarray(made.shift, np.float32))
    weight = np.asarray(made.scale.reshape(-1, *[1] * len(shape)), np.float32)
    common = {"weight": weight, "groups": shape[0], "bias": np.asarray(made.shift, np.float32)}
    if len(shape) == 2:
        return nir.Conv1d(input_shape=shape[1], stride=1, padding=0, dilation=1, **common)
    return nir.Conv2d(input_shape=(shape[1], shape[2]), stride=(1, 1), padding=(0, 0), dilation=(1, 1), **common)


def _convolution(op: Any, weight: Float64Array, bias: Float64Array) -> nir.NIRNode:
    return type(op)(
        input_shape=op.input_shape, weight=_like(weight, op), stride=op.stride, padding=op.padding,
        dilation=op.dilation, groups=op.groups, bias=_like(bias, op),
    )  # fmt: skip


def _like(values: Float64Array, op: Any) -> npt.NDArray[np.generic]:
    """Round to the number type of a synapse's weights."""
    return np.asarray(values, op.weight.dtype)
