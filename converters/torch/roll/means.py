"""Recognises a sum over the steps that is divided by their number: it is a mean, and needs no other value."""

from __future__ import annotations

import operator

import torch
from torch import fx

from neurotool.converters.torch.proxies import UNKNOWN, VALUE

_DIVISIONS = {operator.truediv, torch.div, torch.true_divide, "div", "true_divide"}


def mark_means(graph: fx.Graph, steps: int, samples: int) -> None:
    """Replace ``z.sum(0) / x.shape[0]`` by ``z.mean(0)``, so that what follows the neurons does not ask for the input.

    Args:
        graph: A trace without loops.
        steps: Number of steps of the example.
        samples: Number of samples of the example; where it is the same, sizes say nothing.
    """
    if steps == samples:
        return
    for node in list(graph.nodes):
        if node.target not in _DIVISIONS or len(node.args) != 2 or node.kwargs:
            continue
        total, count = node.args
        if _is_sum(total) and _is_number_of_steps(count, steps):
            with graph.inserting_after(node):
                mean = graph.call_method("mean", (total.args[0], 0))
            mean.meta = dict(node.meta)
            node.replace_all_uses_with(mean)
            graph.erase_node(node)


def _is_sum(node: object) -> bool:
    summed = isinstance(node, fx.Node) and node.target in ("sum", torch.sum) and not node.kwargs
    return summed and node.args[1:] in ((0,), ((0,),))  # type: ignore[attr-defined]


def _is_number_of_steps(node: object, steps: int) -> bool:
    """Whether a node is a size, and as large as there are steps."""
    size = isinstance(node, fx.Node) and node.target in (operator.getitem, "size", len)
    return size and node.meta.get(VALUE, UNKNOWN) == steps and not isinstance(node.meta[VALUE], torch.Tensor)  # type: ignore[attr-defined]
