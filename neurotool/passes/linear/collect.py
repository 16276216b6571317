"""Finds what reaches a population from inputs and other populations, and composes it into sets of synapses."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np
from scipy import sparse

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.graph import Graph, Shape
from neurotool.ir.program import AllToAll, Connectivity, Sparse
from neurotool.passes.linear import maps
from neurotool.passes.linear.values import Path, Values

DENSE_ENOUGH = 0.25
"""Share of synapses from which a sparse matrix is written out whole: a listed synapse takes three numbers."""


@dataclass(frozen=True, eq=False)
class LinearPath:
    """What one source sends to a population: synapses in floats.

    Attributes:
        name: Name of its last linear node, or ``source->population`` without one.
        source: Population or input that feeds it.
        weights: As the connectivity asks for; from the source's value to the input of the population.
        connectivity: Which source neuron reaches which target neuron.
        delay: Time steps that the value waits, the same for all synapses, or one for each source neuron.
        bias: What it adds in every step, ``[target]``.
        origin: Nodes it was made from.
        shape: Shape of the source.
    """

    name: str
    source: str
    weights: Float64Array
    connectivity: Connectivity
    delay: int | Int64Array
    bias: Float64Array
    origin: str
    shape: Shape


def collect(graph: Graph, population: str) -> tuple[LinearPath, ...]:
    """Compose everything that ends at a population.

    Paths that meet at a linear node are added up where source, delay and form are the same, so that their number grows
    with the nodes and not with the routes through them. Paths that meet only at the population stay apart, since each
    then has weights of its own to round.

    Args:
        graph: A float graph.
        population: A neuron node.

    Returns:
        The paths, in the order of the edges. A bias of linear nodes is on the first path of its edge.

    Raises:
        PathError: Delays differ between neurons behind weights, or a bias waits.
    """
    values = Values(graph)
    found = []
    for edge in graph.incoming(population):
        value = values.along(edge)
        for place, path in enumerate(value.paths):
            bias = value.bias if place == 0 else np.zeros_like(value.bias)
            found.append(_synapses(graph, population, path, bias))
    return tuple(found)


def _synapses(graph: Graph, population: str, path: Path, bias: Float64Array) -> LinearPath:
    weights, connectivity = _weights(path.map)
    nodes = [graph.nodes[name] for name in path.nodes]
    last = next((node for node in reversed(nodes) if not isinstance(node.op, nir.Flatten | nir.Delay)), None)
    uniform = bool((path.waits == path.waits.flat[0]).all())
    return LinearPath(
        name=last.name if last else f"{path.source}->{population}",
        source=path.source,
        weights=weights,
        connectivity=connectivity,
        delay=int(path.waits.flat[0]) if uniform else path.waits,
        bias=bias,
        origin=" * ".join(node.origin for node in (nodes or [graph.nodes[population]])),
        shape=graph.nodes[path.source].shape,
    )


def _weights(found: maps.LinearMap) -> tuple[Float64Array, Connectivity]:
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
