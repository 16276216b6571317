"""Finds where a model repeats a value along a new first axis for its neurons: that axis is time."""

from __future__ import annotations

import operator
from collections.abc import Collection

import torch
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch.proxies import UNKNOWN, VALUE
from neurotool.converters.torch.roll.nodes import hold
from neurotool.converters.torch.roll.vectors import depends
from neurotool.converters.torch.tracer import STEPPED

_REPEATS = {"expand", "repeat", torch.stack}


def mark_holds(root: torch.nn.Module, graph: fx.Graph) -> None:
    """Replace ``x.expand(steps, ...)``, ``x.repeat(steps, ...)`` and ``torch.stack([x] * steps)`` by :func:`hold`.

    Only a value that is computed from an input, and that neurons hear later, is held; any other new axis is one of
    the features.
    """
    heard = _heard(root, graph)
    for node in list(graph.nodes):
        if node.target not in _REPEATS or node not in heard or node.meta[STEPPED]:
            continue
        source = _repeated(node)
        if source is not None and depends(source):
            with graph.inserting_after(node):
                made = graph.call_function(hold, (source, int(node.meta[VALUE].shape[0])))
            made.meta = dict(node.meta)
            node.replace_all_uses_with(made)
            graph.erase_node(node)


def _heard(root: torch.nn.Module, graph: fx.Graph) -> Collection[fx.Node]:
    """Nodes whose value reaches a neuron."""
    found: set[fx.Node] = set()
    for node in reversed(list(graph.nodes)):
        neuron = node.op == "call_module" and rule_for(root.get_submodule(str(node.target))) is not None
        if neuron or any(user in found for user in node.users):
            found.add(node)
    return found


def _repeated(node: fx.Node) -> fx.Node | None:
    """Return the value that a node gives once for each place along its first axis, or None."""
    parts = node.args[0]
    if isinstance(parts, tuple | list):
        along_first = node.kwargs.get("dim", 0) == 0 and node.args[1:] in ((), (0,))
        same = along_first and all(isinstance(p, fx.Node) and p is parts[0] for p in parts)
        return parts[0] if same and isinstance(parts[0], fx.Node) else None
    source: fx.Node | None = parts if isinstance(parts, fx.Node) else None
    if source is not None and _adds_first_axis(source):
        source = source.args[0] if isinstance(source.args[0], fx.Node) else None
    if source is None:
        return None
    before, after = source.meta.get(VALUE, UNKNOWN), node.meta.get(VALUE, UNKNOWN)
    known = isinstance(before, torch.Tensor) and isinstance(after, torch.Tensor)
    return source if known and after.shape[1:] == before.shape and after.ndim == before.ndim + 1 else None


def _adds_first_axis(node: fx.Node) -> bool:
    """Whether a node is ``x.unsqueeze(0)`` or ``x[None]``."""
    if node.target in ("unsqueeze", torch.unsqueeze):
        return node.args[1:] == (0,)
    return node.target is operator.getitem and node.args[1] in (None, (None,))
