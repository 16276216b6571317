"""Takes nodes away that only rescale what a synapse delivers: batch normalisation, and chains of linear nodes."""

from __future__ import annotations

from neurotool.ir.graph import Graph
from neurotool.passes.fold.batch_norm import fold_batch_norms
from neurotool.passes.fold.linear import fold_linear

__all__ = ["fold"]


def fold(graph: Graph) -> Graph:
    """Return a graph in which no batch normalisation and no chain of linear layers stands on the way to a neuron."""
    return fold_linear(fold_batch_norms(graph))
