"""Makes the nodes and edges of the float graph from checked fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nir
import numpy as np

from neurotool.arrays import Int64Array
from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.fields import FIELDS, PER_NEURON_SORTS, Array, Sort
from neurotool.converters.nir.geometry import flatten_axes
from neurotool.converters.nir.loops import Arrangement
from neurotool.converters.nir.shapes import Shapes
from neurotool.converters.nir.specs import Spec
from neurotool.converters.nir.support import CONVOLUTIONS, POOLS
from neurotool.ir.graph import Edge, Node, Shape, edge_from
from neurotool.ir.values import TimeScope, ValueKind


def build_nodes(
    contents: Contents,
    specs: Mapping[str, Spec],
    arrangement: Arrangement,
    shapes: Shapes,
    kinds: Mapping[str, ValueKind],
    waits: Mapping[str, Array],
) -> dict[str, Node]:
    """Make the nodes of a valid graph, in the order of the arrangement.

    Args:
        contents: The file.
        specs: Its nodes.
        arrangement: Their order.
        shapes: Shapes of all values.
        kinds: Kinds of all values.
        waits: Delays in seconds of the Delay nodes that do not keep the one of their file.
    """
    nodes = {}
    for name in arrangement.wiring.names:
        metadata: Any = contents.nodes[name].get("metadata", {})
        extra = {"metadata": metadata} if isinstance(metadata, dict) else {}
        spec = specs[name] if name not in waits else Spec(nir.Delay, {"delay": waits[name]})
        op = _operation(spec, shapes.taken[name], shapes.of[name], extra)
        nodes[name] = Node(name, op, shapes.of[name], kinds[name], True, TimeScope.PER_STEP, contents.origin(name))
    return nodes


def build_edges(arrangement: Arrangement, nodes: Mapping[str, Node]) -> tuple[Edge, ...]:
    """Make the edges; those into a node are numbered in the order of the file."""
    made: dict[str, int] = dict.fromkeys(nodes, 0)
    edges = []
    for wire in arrangement.wiring.wires:
        edges.append(edge_from(nodes[wire.source], wire.target, made[wire.target], wire.delay))
        made[wire.target] += 1
    return tuple(edges)


def delay_in_seconds(steps: Int64Array, dt: float) -> Array:
    """Delays of so many steps."""
    return np.asarray(steps * dt, np.float64)


def _operation(spec: Spec, taken: Shape, shape: Shape, extra: dict[str, Any]) -> nir.NIRNode:
    """Make the NIR node, with parameters in the shape of the population. Weights are not copied."""
    if spec.kind is nir.Input:
        return nir.Input(input_type={"input": np.array(shape)}, **extra)
    if spec.kind is nir.Output:
        return nir.Output(output_type={"output": np.array(shape)}, **extra)
    if spec.kind is nir.Flatten:
        start, end = flatten_axes(spec)
        return nir.Flatten(input_type={"input": np.array(taken)}, start_dim=start, end_dim=end, **extra)
    if spec.kind in CONVOLUTIONS:
        return spec.kind(**_convolution(spec, taken), **extra)
    if spec.kind in POOLS:
        return spec.kind(**{name: np.array(spec.numbers(name, 2)) for name in spec.values}, **extra)
    values = {}
    for field in FIELDS[spec.kind]:
        if field.name in spec.values:
            spread = shape if field.sort in (*PER_NEURON_SORTS, Sort.BIAS) else None
            values[field.name] = _spread(spec.values[field.name], spread)
    return spec.kind(**values, **extra)


def _convolution(spec: Spec, taken: Shape) -> dict[str, Any]:
    weight, axes = spec.values["weight"], len(taken) - 1
    padding: Any = str(spec.values["padding"])
    if padding not in ("same", "valid"):
        padding = _plain(spec.numbers("padding", axes))
    return {
        "input_shape": _plain(taken[1:]),
        "weight": weight,
        "stride": _plain(spec.numbers("stride", axes)),
        "padding": padding,
        "dilation": _plain(spec.numbers("dilation", axes)),
        "groups": int(spec.values["groups"].flat[0]),
        "bias": _spread(spec.values.get("bias", np.zeros((), weight.dtype)), weight.shape[:1]),
    }


def _plain(numbers: tuple[int, ...]) -> int | tuple[int, ...]:
    """As the node classes have it: one number in one dimension, a tuple in two."""
    return numbers[0] if len(numbers) == 1 else numbers


def _spread(value: Array, shape: Shape | None) -> Array:
    if shape is None or value.shape == shape:
        return value
    return np.array(np.broadcast_to(value.reshape(()) if value.size == 1 else value, shape))
