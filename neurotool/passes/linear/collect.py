"""Finds all ways from populations and inputs to a population, and composes each into one set of synapses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import nir
import numpy as np
import numpy.typing as npt
from scipy import sparse

from neurotool.ir.graph import NEURON_TYPES, Edge, Graph, Node, Shape
from neurotool.ir.program import AllToAll, Connectivity, Sparse
from neurotool.passes.linear import maps
from neurotool.passes.linear.operations import Chain, extend, start

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DENSE_ENOUGH = 0.25
"""Share of synapses from which a sparse matrix is written out whole: a listed synapse takes three numbers."""


class WayError(Exception):
    """A way to a population that synapses cannot hold."""


@dataclass(frozen=True, eq=False)
class LinearPath:
    """One way from a source to a population: synapses in floats.

    Attributes:
        name: Name of its last linear node, or ``source->population`` without one.
        source: Population or input that feeds it.
        weights: As the connectivity asks for; from the source's value to the input of the population.
        connectivity: Which source neuron reaches which target neuron.
        delay: Time steps that the value waits on the way, the same for all synapses, or one for each source neuron.
        bias: What it adds in every step, ``[target]``.
        origin: Nodes it was made from.
        shape: Shape of the source.
    """

    name: str
    source: str
    weights: FloatArray
    connectivity: Connectivity
    delay: int | IntArray
    bias: FloatArray
    origin: str
    shape: Shape


def collect(graph: Graph, population: str) -> tuple[LinearPath, ...]:
    """Compose every way that ends at a population.

    Args:
        graph: A float graph.
        population: A neuron node.

    Returns:
        The ways, in the order of the edges. Two ways from the same source stay apart.

    Raises:
        WayError: Delays differ between neurons behind weights, or a bias waits.
    """
    target = graph.nodes[population]
    return tuple(_compose(graph, target, edges) for edges in _ways(graph, population))


def _ways(graph: Graph, name: str) -> Iterator[tuple[Edge, ...]]:
    """Yield the edges of every way from a population or input to a node, first edge first."""
    for edge in graph.incoming(name):
        if isinstance(graph.nodes[edge.source].op, (*NEURON_TYPES, nir.Input, nir.Threshold)):
            yield (edge,)
        else:
            yield from ((*before, edge) for before in _ways(graph, edge.source))


def _compose(graph: Graph, target: Node, edges: tuple[Edge, ...]) -> LinearPath:
    source = graph.nodes[edges[0].source]
    nodes = [graph.nodes[edge.source] for edge in edges[1:]]
    chain, delay = start(source.shape), edges[0].delay
    waits: IntArray = np.zeros(chain.bias.size, np.int64)
    for node, edge in zip(nodes, edges[1:], strict=True):
        here: IntArray = np.zeros(1, np.int64)
        if isinstance(node.op, nir.Delay):
            here = _steps(graph, node, chain)
        else:
            chain = extend(chain, node)
        if (here.any() or edge.delay) and chain.bias.any():
            raise WayError(f"{node.name}: a bias waits there, so that it would begin some steps late")
        waits, delay = waits + here, delay + edge.delay
    weights, connectivity = _synapses(chain)
    last = next((n for n in reversed(nodes) if not isinstance(n.op, nir.Flatten | nir.Delay)), None)
    uniform = bool((waits == waits.flat[0]).all())
    return LinearPath(
        name=last.name if last else f"{source.name}->{target.name}",
        source=source.name,
        weights=weights,
        connectivity=connectivity,
        delay=delay + int(waits.flat[0]) if uniform else delay + waits,
        bias=chain.bias,
        origin=" * ".join(n.origin for n in (nodes or [target])),
        shape=source.shape,
    )


def _steps(graph: Graph, node: Node, chain: Chain) -> IntArray:
    """Delay in steps of every source neuron.

    Raises:
        WayError: The delays differ between neurons after weights have mixed the sources.
    """
    assert isinstance(node.op, nir.Delay)
    steps = np.rint(np.broadcast_to(np.asarray(node.op.delay, np.float64), node.shape) / graph.dt).astype(np.int64)
    if (steps == steps.flat[0]).all():
        return np.asarray(steps.flat[0])
    if not isinstance(chain.map, maps.Gain):
        raise WayError(f"{node.name}: delays differ between neurons behind weights")
    return steps.ravel()


def _synapses(chain: Chain) -> tuple[FloatArray, Connectivity]:
    found = chain.map
    if isinstance(found, maps.Gain):
        every = np.arange(len(found.gain))
        return found.gain, Sparse(targets=every, sources=every)
    if isinstance(found, maps.Kernel):
        return found.weights, found.convolution
    matrix = found.matrix
    if isinstance(matrix, np.ndarray):
        return matrix, AllToAll()
    if matrix.nnz == 0 or matrix.nnz >= DENSE_ENOUGH * matrix.shape[0] * matrix.shape[1]:
        return matrix.toarray(), AllToAll()
    listed = sparse.coo_array(matrix)
    targets, sources = (np.asarray(index, np.int64) for index in listed.coords)
    return np.asarray(listed.data, np.float64), Sparse(targets=targets, sources=sources)
