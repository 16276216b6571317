"""Cells that are called once per step, and whether each call goes on where the one before it stopped."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch.lines import code_at, line_of
from neurotool.converters.torch.names import module_path
from neurotool.converters.torch.tracer import STEPPED
from neurotool.diagnostics import Diagnostic, Severity


def calls(root: torch.nn.Module, graph: fx.Graph) -> dict[str, list[fx.Node]]:
    """Return the calls of every neuron outside ``Lift``, in order."""
    found: dict[str, list[fx.Node]] = {}
    for node in graph.nodes:
        if node.op != "call_module" or node.meta[STEPPED]:
            continue
        if rule_for(root.get_submodule(str(node.target))) is not None:
            found.setdefault(str(node.target), []).append(node)
    return found


def chained(root: torch.nn.Module, graph: fx.Graph) -> tuple[list[tuple[fx.Node, ...]], list[Diagnostic]]:
    """Find the loops over time.

    Returns:
        The calls of each cell that is stepped by a loop, and what is wrong with other neurons that are called more
        than once.
    """
    chains: list[tuple[fx.Node, ...]] = []
    problems: list[Diagnostic] = []
    for target, found in calls(root, graph).items():
        rule = rule_for(root.get_submodule(target))
        assert rule is not None
        if len(found) == 1 or rule.sequence:
            continue
        broken = next(_breaks(found), None)
        if broken is None:
            chains.append(tuple(found))
        else:
            problems.append(_repeated(target, found, *broken))
    return chains, problems


def single_cells(root: torch.nn.Module, graph: fx.Graph) -> list[fx.Node]:
    """Return the calls of cells that are called once."""
    found = calls(root, graph)
    sequences = {t for t in found if (rule := rule_for(root.get_submodule(t))) is not None and rule.sequence}
    return [nodes[0] for target, nodes in found.items() if len(nodes) == 1 and target not in sequences]


def state_of(call: fx.Node) -> object:
    """Return the state that is passed to a cell."""
    return call.args[1] if len(call.args) > 1 else call.kwargs.get("state")


def _breaks(found: list[fx.Node]) -> Iterator[tuple[fx.Node, str]]:
    """Find calls that do not take up the state of the call before."""
    if state_of(found[0]) is not None:
        yield found[0], "the first call is given a state, so that it does not start from rest"
    for before, call in pairwise(found):
        state = state_of(call)
        taken = isinstance(state, fx.Node) and state.target is operator.getitem and state.args[0] is before
        if not (taken and isinstance(state, fx.Node) and state.args[1] in (1, -1)):
            yield call, "it is not given the state that its call before returned"
            return


def _repeated(target: str, found: list[fx.Node], call: fx.Node, why: str) -> Diagnostic:
    name, line = module_path(target), line_of(call)
    message = f"{name}: it is called {len(found)} times, and {why}"
    fix = "make one module per call; in a loop over time, pass None first and then the state of the call before"
    return Diagnostic("NT-TORCH-005", Severity.ERROR, name, message, code_at(line), "once", fix, line)
