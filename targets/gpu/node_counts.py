"""Counts the work of single nodes on fake tensors, before any part is exported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import Graph, Node
from neurotool.targets.gpu.count import Meter
from neurotool.targets.gpu.operations import operation


def count_nodes(graph: Graph, names: Iterable[str], steps: int, batch: int) -> dict[str, DenseCounts]:
    """Count one call of each of some nodes that hold no neurons, by the rules of :func:`~.count.count_dense`.

    Args:
        graph: The graph.
        names: The nodes.
        steps: Time steps of values with a time axis.
        batch: Samples.

    Raises:
        UnsupportedError: The work of a node cannot be counted; lists all such nodes.
    """
    found, refused = {}, []
    memo: dict[int, Any] = {}
    for name in names:
        meter = Meter()
        reason = _run(graph, graph.nodes[name], steps, batch, memo, meter)
        if reason:
            node = graph.nodes[name]
            message = f"the work of {node.type_name} cannot be counted: {reason}"
            refused.append(Diagnostic("NT-ENERGY-002", Severity.ERROR, name, message, node.type_name))
        found[name] = DenseCounts(meter.flops, meter.bytes_moved, meter.kernels, batch)
    if refused:
        raise UnsupportedError(f"the work of {len(refused)} node(s) cannot be counted", diagnostics=refused)
    return found


def _run(graph: Graph, node: Node, steps: int, batch: int, memo: dict[int, Any], meter: Meter) -> str:
    """Run a node on fake tensors under a meter; return what is in the way, or an empty string."""
    inputs = tuple(graph.nodes[edge.source] for edge in graph.incoming(node.name))
    module = operation(node, inputs, graph.dt, memo).eval()
    try:
        with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True):
            values = [torch.empty((steps, batch, *n.shape) if n.timed else (batch, *n.shape)) for n in inputs]
            with meter:
                module(*values)
    except Exception as error:  # a user's operation may need real values
        return (str(error).splitlines() or [type(error).__name__])[0]
    return f"no formula for {', '.join(sorted(meter.unknown))}" if meter.unknown else ""
