"""The value at a linear node, as a function of the inputs and populations before it.

Composed node by node: a value is a sum of paths, one for each source, delay and form of map, and a bias. Adding up
where paths meet keeps a residual network of many blocks small, where each block doubles the routes through it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import nir
import numpy as np

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.graph import NEURON_TYPES, Edge, Graph, Node, Shape
from neurotool.passes.linear import maps
from neurotool.passes.linear.operations import Chain, extend, start

SOURCES = (*NEURON_TYPES, nir.Input)
"""Where a path begins."""


class PathError(Exception):
    """A path to a population that synapses cannot hold."""


@dataclass(frozen=True, eq=False)
class Path:
    """What one source contributes to a value.

    Attributes:
        source: Population or input.
        map: From the value of the source to here.
        waits: Time steps that the value of each source neuron waits, ``[source]``.
        nodes: Linear nodes that it passes, each once.
    """

    source: str
    map: maps.LinearMap
    waits: Int64Array
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Value:
    """A sum of paths and of a constant, flat.

    Attributes:
        paths: In the order of the edges that they come along first.
        bias: What is added to them in every step.
        shape: Shape of the value.
    """

    paths: tuple[Path, ...]
    bias: Float64Array
    shape: Shape


class Values:
    """The values of a graph, each composed once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, Value] = {}

    def along(self, edge: Edge) -> Value:
        """The value that an edge carries.

        Raises:
            PathError: Delays differ between neurons behind weights, or a bias waits.
        """
        value = self._of(edge.source)
        if not edge.delay:
            return value
        _refuse_waiting_bias(edge.source, value)
        return replace(value, paths=tuple(replace(p, waits=p.waits + edge.delay) for p in value.paths))

    def _of(self, name: str) -> Value:
        if name not in self._known:
            node = self._graph.nodes[name]
            self._known[name] = _source(node) if isinstance(node.op, SOURCES) else self._behind(node)
        return self._known[name]

    def _behind(self, node: Node) -> Value:
        heard = [self.along(edge) for edge in self._graph.incoming(node.name)]
        heard = [value for value in heard if value.paths]
        if not heard:
            return Value((), np.zeros(math.prod(node.shape)), node.shape)
        total = Value(
            added(p for v in heard for p in v.paths), sum((v.bias for v in heard[1:]), heard[0].bias), heard[0].shape
        )
        made = _delayed(node, total, self._graph.dt) if isinstance(node.op, nir.Delay) else _mapped(node, total)
        return replace(made, paths=added(replace(path, nodes=(*path.nodes, node.name)) for path in made.paths))


def _source(node: Node) -> Value:
    chain = start(node.shape)
    return Value((Path(node.name, chain.map, np.zeros(chain.bias.size, np.int64)),), chain.bias, node.shape)


def added(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Add up the paths of equal source and delay whose maps have the same form."""
    found: list[Path] = []
    for path in paths:
        for place, known in enumerate(found):
            if known.source == path.source and (known.waits == path.waits).all():
                total = maps.added(known.map, path.map)
                if total is not None:
                    nodes = tuple(dict.fromkeys((*known.nodes, *path.nodes)))
                    found[place] = replace(known, map=total, nodes=nodes)
                    break
        else:
            found.append(path)
    return tuple(found)


def _mapped(node: Node, value: Value) -> Value:
    """Apply a linear node. Its own bias enters once, however many paths arrive."""
    first, *others = value.paths
    chain = extend(Chain(first.map, value.bias, value.shape), node)
    silent = np.zeros_like(value.bias)
    mapped = [chain.map, *(extend(Chain(path.map, silent, value.shape), node).map for path in others)]
    paths = tuple(replace(path, map=found) for path, found in zip(value.paths, mapped, strict=True))
    return Value(paths, chain.bias, chain.shape)


def _delayed(node: Node, value: Value, dt: float) -> Value:
    """Wait at a delay node.

    Raises:
        PathError: The delays differ between neurons after weights have mixed the sources, or a bias waits.
    """
    assert isinstance(node.op, nir.Delay)
    steps = np.rint(np.broadcast_to(np.asarray(node.op.delay, np.float64), node.shape) / dt).astype(np.int64).ravel()
    if steps.any():
        _refuse_waiting_bias(node.name, value)
    if (steps == steps[0]).all():
        steps = steps[:1]
    elif not all(isinstance(path.map, maps.Gain) for path in value.paths):
        raise PathError(f"{node.name}: delays differ between neurons behind weights")
    return replace(value, paths=tuple(replace(path, waits=path.waits + steps) for path in value.paths))


def _refuse_waiting_bias(name: str, value: Value) -> None:
    if value.bias.any():
        raise PathError(f"{name}: a bias waits there, so that it would begin some steps late")
