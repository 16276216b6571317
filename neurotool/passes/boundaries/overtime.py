"""Dense nodes that only sum a raster over time, so that the sum can cross instead of the raster.

A sum with one weight per step is linear, and so is every operation named here. Its weights are therefore what becomes
of rasters in which one step alone is not zero. A largest value does the same to these, so that rasters without zeros
have to confirm the weights.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import nir
import numpy as np
import numpy.typing as npt

from neurotool.ir.adapters import Array
from neurotool.ir.coding import Coding
from neurotool.ir.graph import Edge, Graph, Node, Operand, Shape, TorchOp, edge_from
from neurotool.ir.partition import Boundary
from neurotool.ir.values import TimeScope, ValueKind
from neurotool.passes.boundaries.constant import Evaluate

LINEAR = frozenset(
    f"{home}.{name}"
    for home in ("torch", "Tensor", "operator")
    for name in ("mean", "sum", "mul", "truediv", "div", "select", "getitem", "einsum", "tensordot")
)
"""Torch operations that are linear in a tensor if all else is constant."""

SPLITS = frozenset(f"{home}.{name}" for home in ("torch", "Tensor") for name in ("unbind", "chunk", "split"))
"""Torch operations that only cut a tensor into the parts that a linear operation picks from."""

TOLERANCE = 1e-5
"""What float32 may do to a sum, in parts of the sum of the magnitudes that it is made of."""

MAGNITUDES = (1e-3, 1.0, 1e3)
"""Sizes of the random values that weights are tried on: what rounds or limits values is linear in some of them."""

PROBED_VALUES = 1 << 26
"""Values of rasters that are tried at once, a quarter of a gigabyte."""

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reduction:
    """Nodes of a dense part that make a sum over time of a value.

    Attributes:
        nodes: One node, or two in a row.
        weights: Weight of each step.
    """

    nodes: tuple[str, ...]
    weights: Weights

    @property
    def end(self) -> str:
        """The node whose value is the sum."""
        return self.nodes[-1]

    @property
    def uniform(self) -> bool:
        """Whether all steps weigh the same."""
        return bool(np.allclose(self.weights, self.weights[0], rtol=TOLERANCE, atol=0.0))


def reductions(graph: Graph, value: str, part: Sequence[str], steps: int, evaluate: Evaluate) -> list[Reduction] | None:
    """Find the sums over time that the nodes of a part make of a value.

    Args:
        graph: The whole graph.
        value: A value with a time axis.
        part: Nodes of the part.
        steps: Number of time steps.
        evaluate: Computes a few nodes.

    Returns:
        The sums, or None if the part makes anything else of the value.
    """
    found = []
    for edge in graph.outgoing(value):
        if edge.target not in part:
            continue
        candidates = (_measured(graph, value, chain, steps, evaluate) for chain in _chains(graph, edge, part))
        reduction = next((r for r in candidates if r is not None), None)
        if reduction is None:
            return None
        found.append(reduction)
    return found


def _chains(graph: Graph, edge: Edge, part: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The first node behind a value, and the first two, where they take nothing else and end the time axis."""
    first = graph.nodes[edge.target]
    if not _is_linear(first) or len(graph.incoming(first.name)) != 1 or edge.delay:
        return
    if not first.timed:
        yield (first.name,)
        return
    following = [e.target for e in graph.outgoing(first.name)]
    if len(following) == 1 and following[0] in part:
        second = graph.nodes[following[0]]
        if _is_linear(second) and not second.timed and len(graph.incoming(second.name)) == 1:
            yield (first.name, second.name)


def _is_linear(node: Node) -> bool:
    """Whether a node is linear by its name, and where several calls were joined into one, by all of their names."""
    op = node.op
    if not isinstance(op, TorchOp):
        return isinstance(op, nir.Scale)
    return op.target in LINEAR and set(op.joined) <= LINEAR | SPLITS


def _measured(graph: Graph, value: str, chain: tuple[str, ...], steps: int, evaluate: Evaluate) -> Reduction | None:
    """Feed ones in one step at a time, each as a sample of its own, for the weights, and try these on dense values."""
    shape = graph.nodes[value].shape
    if graph.nodes[chain[-1]].shape != shape:
        return None

    def response(raster: Array) -> Array:
        return evaluate(chain, chain[-1], {value: raster})

    flat = np.concatenate([response(raster).reshape(raster.shape[1], -1) for raster in _single(steps, shape)])
    flat = flat.astype(np.float64)
    if flat.shape[1] == 0 or not (flat == flat[:, :1]).all():
        return None
    weights = flat[:, 0]
    raster = _dense(steps, shape)
    exact = raster.astype(np.float64)
    missed = np.abs(response(raster).astype(np.float64) - np.tensordot(weights, exact, 1))
    room = TOLERANCE * np.tensordot(np.abs(weights), np.abs(exact), 1)
    return Reduction(chain, weights) if (missed <= room).all() else None


def _single(steps: int, shape: Shape) -> Iterator[Array]:
    """Rasters of ones in one step of each sample, a different one for each, some samples at a time."""
    together = max(1, PROBED_VALUES // (steps * math.prod(shape)))
    for first in range(0, steps, together):
        only = np.eye(steps, dtype=np.float32)[:, first : first + together]
        yield only.reshape(*only.shape, *(1 for _ in shape)) * np.ones(shape, np.float32)


def _dense(steps: int, shape: tuple[int, ...]) -> Array:
    """Random values of both signs in every step; each sample has a magnitude of its own."""
    sizes = np.reshape(MAGNITUDES, (-1, *(1 for _ in shape)))
    draw: Weights = np.random.default_rng(0).normal(size=(steps, len(MAGNITUDES), *shape)) * sizes
    return draw.astype(np.float32)


def coding_of(found: Sequence[Reduction], kind: ValueKind) -> tuple[Coding, tuple[float, ...]] | None:
    """Choose between spike counts and a weighted sum; None where several different sums are made."""
    if not found:
        return None
    if kind is ValueKind.SPIKES and all(reduction.uniform for reduction in found):
        return Coding.COUNTS, ()
    weights = found[0].weights
    if all(np.array_equal(reduction.weights, weights) for reduction in found):
        return Coding.WEIGHTED, tuple(float(w) for w in weights)
    return None


def reduced(part: Graph, boundary: Boundary, found: Sequence[Reduction]) -> Graph:
    """Return a dense part that takes the sum over a boundary instead of the raster.

    Args:
        part: The part, cut out with :func:`neurotool.ir.graph.subgraph`.
        boundary: Where the sum enters.
        found: The sums over time that the part makes of the value.
    """
    entry = replace(part.nodes[boundary.value], timed=False, scope=TimeScope.ONCE, kind=ValueKind.FLOAT)
    gone = {name for reduction in found for name in reduction.nodes[:-1]}
    nodes = {name: node for name, node in part.nodes.items() if name not in gone} | {entry.name: entry}
    for reduction in found:
        factor = 1.0 if boundary.coding is Coding.WEIGHTED else float(reduction.weights[0])
        op = TorchOp(f"sum over time * {factor:g}", operator.mul, (Operand(0), factor))
        nodes[reduction.end] = replace(nodes[reduction.end], op=op, scope=TimeScope.ONCE)
    ends = {reduction.end for reduction in found}
    kept = [edge for edge in part.edges if edge.target not in gone and edge.target not in ends]
    kept += [edge_from(entry, end) for end in ends]
    return replace(part, nodes=_in_order(part, nodes), edges=tuple(kept))


def _in_order(part: Graph, nodes: Mapping[str, Node]) -> dict[str, Node]:
    return {name: nodes[name] for name in part.nodes if name in nodes}
