"""Counts the work of single nodes on fake tensors, before any part is exported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import Graph, Node
from neurotool.targets.gpu.count import Meter
from neurotool.targets.gpu.module import added, call_node, module_of
from neurotool.targets.gpu.neuron import Neuron
from neurotool.targets.gpu.timing import wait

FEW = (2, 3)
"""Steps that neurons are counted in: from there on, every step adds what the third one added."""

Known = dict[tuple[object, ...], Meter]
"""Work of populations that differ in nothing but their parameters."""


def count_nodes(graph: Graph, names: Iterable[str], steps: int, batch: int) -> dict[str, DenseCounts]:
    """Count one call of each of some nodes, by the rules of :func:`~.count.count_dense`.

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
    known: Known = {}
    for name in names:
        meter = Meter()
        reason = _run(graph, graph.nodes[name], steps, batch, (memo, known), meter)
        if reason:
            node = graph.nodes[name]
            message = f"the work of {node.type_name} cannot be counted: {reason}"
            refused.append(Diagnostic("NT-ENERGY-002", Severity.ERROR, name, message, node.type_name))
        found[name] = DenseCounts(meter.flops, meter.bytes_moved, meter.kernels, batch)
    if refused:
        raise UnsupportedError(f"the work of {len(refused)} node(s) cannot be counted", diagnostics=refused)
    return found


def _run(graph: Graph, node: Node, steps: int, batch: int, kept: tuple[dict[int, Any], Known], meter: Meter) -> str:
    """Run a node on fake tensors under a meter; return what is in the way, or an empty string."""
    memo, known = kept
    edges = graph.incoming(node.name)
    sources = [graph.nodes[edge.source] for edge in edges]
    try:
        module = module_of(graph, node, memo).eval()
        with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True):
            made = [torch.empty((steps, batch, *n.shape) if n.timed else (batch, *n.shape)) for n in sources]
            with meter:
                operands = [wait(value, edge.delay) for value, edge in zip(made, edges, strict=True)]
                value = added(node, operands) if isinstance(module, Neuron) else call_node(node, module, operands)
            if isinstance(module, Neuron):
                meter.include(_population(module, value, known))
    except Exception as error:  # a user's operation may need real values
        return (str(error).splitlines() or [type(error).__name__])[0]
    return f"no formula for {', '.join(sorted(meter.unknown))}" if meter.unknown else ""


def _population(module: Neuron, raster: torch.Tensor, known: Known) -> Meter:
    """Count a population in a few steps, and the last of them again for every further step."""
    found = []
    for steps in FEW:
        few = raster[:1].expand(steps, *raster.shape[1:])
        key = steps, tuple(raster.shape[1:]), *module.form
        if key not in known:
            known[key] = _metered(module, few)
        found.append(known[key])
    first, last = found
    return first.further(last, len(raster) - FEW[0])


def _metered(module: Neuron, raster: torch.Tensor) -> Meter:
    """Count what an exported population does: an export leaves out what no result needs, as of the last state."""
    traced = make_fx(module)(raster)
    traced.graph.eliminate_dead_code()
    traced.recompile()
    meter = Meter()
    with meter:
        traced(raster)
    return meter
