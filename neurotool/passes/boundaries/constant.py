"""Values that have a time axis and are the same at every step, because nothing that makes them knows time.

An operation that makes a time axis out of values without one (``expand``, ``repeat``, ``stack``) is tried on random
values: if all steps of its result are equal, it repeats. Element-wise operations and layers hand constancy on. What is
found is checked again in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from neurotool.ir.adapters import Array
from neurotool.ir.graph import NEURON_TYPES, Graph, Node, TorchOp
from neurotool.ir.values import TimeScope

Evaluate = Callable[[Sequence[str], str, Mapping[str, Array]], Array]
"""Computes the last of some nodes of a graph: takes their names, the one wanted, and the values that they need."""

SAMPLES = 3


def is_constant(graph: Graph, name: str, evaluate: Evaluate) -> bool:
    """Whether a value is the same at every step, whatever the input of the model is."""
    node = graph.nodes[name]
    if not node.timed:
        return True
    sources = [graph.nodes[edge.source] for edge in graph.incoming(name)]
    if not sources or any(edge.delay for edge in graph.incoming(name)) or isinstance(node.op, NEURON_TYPES):
        return False
    if any(source.timed for source in sources):
        alone = node.scope is TimeScope.PER_STEP
        return alone and all(is_constant(graph, source.name, evaluate) for source in sources)
    return isinstance(node.op, TorchOp) and _repeats(node, sources, evaluate)


def _repeats(node: Node, sources: Sequence[Node], evaluate: Evaluate) -> bool:
    draw = np.random.default_rng(0)
    values: dict[str, Array] = {
        source.name: draw.normal(size=(SAMPLES, *source.shape)).astype(np.float32) for source in sources
    }
    raster = evaluate([node.name], node.name, values)
    return bool((raster == raster[:1]).all())
