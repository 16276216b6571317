"""Traces a module symbolically at module grain.

Containers are traced through; torch's own modules and Norse's neurons are leaves. ``Lift`` calls a module once per
step: what is inside it is traced as if it stood outside, and its nodes are marked as *stepped*.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import norse
import torch
from norse.torch import Lift, SequentialState
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.norse.unsupported import refusal
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError

STEPPED = "stepped"
"""Key in the metadata of an fx node: the node runs once per step, on values without a time axis."""


_LIBRARIES = tuple(str(Path(file).parent) for file in (torch.__file__, norse.__file__, __file__))
"""Folders whose frames in a traceback are not the user's code."""


class ModuleTracer(fx.Tracer):
    """The tracer; see the module docstring.

    Args:
        stepped: Whether the whole module runs one step at a time (a network of cells).
    """

    def __init__(self, stepped: bool) -> None:
        super().__init__()
        self._depth = int(stepped)

    def is_leaf_module(self, m: torch.nn.Module, module_qualified_name: str) -> bool:
        """Norse neurons are leaves, its containers are not; for the rest torch's own rule holds."""
        if isinstance(m, SequentialState | Lift):
            return False
        if rule_for(m) is not None or refusal(m) is not None:
            return True
        return super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self, m: torch.nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Step into ``Lift`` without its loop over time."""
        if not isinstance(m, Lift):
            return super().call_module(m, forward, args, kwargs)
        inner = m.lifted_module
        if isinstance(args[0], tuple):
            # A stateful Lift returns (output, state), and the next Lift takes the pair apart.
            args = args[0] if m.is_stateful else args[0][:1]
        self._depth += 1
        try:
            return self.call_module(inner, inner.forward, args, kwargs)
        finally:
            self._depth -= 1

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        """Mark nodes that are made inside a ``Lift``."""
        node = super().create_node(*args, **kwargs)
        node.meta[STEPPED] = self._depth > 0
        return node


def trace(module: torch.nn.Module) -> fx.GraphModule:
    """Trace a module.

    Raises:
        UnsupportedError: It holds Norse neurons without a rule, mixes cells and sequence modules, or its control flow
            depends on data.
    """
    problems = [*_neurons_without_rule(module), *_mixed_time(module), *_sequences_in_lift(module)]
    tracer = ModuleTracer(stepped=is_stepped(module))
    try:
        graph = tracer.trace(module, concrete_args=_defaults(module))
    except Exception as error:  # tracing runs the user's code with proxies, which may fail in any way
        problems.append(_untraceable(error))
    else:
        problems += _in_place(graph)
    if problems:
        raise UnsupportedError(f"{len(problems)} finding(s) keep the model from being converted", diagnostics=problems)
    graph.eliminate_dead_code(lambda node: node.op in ("placeholder", "output"))
    return fx.GraphModule(tracer.root, graph)


def is_stepped(module: torch.nn.Module) -> bool:
    """Whether a module is stepped from outside: it holds cells that no ``Lift`` runs over time."""
    return any(rule is not None and not rule.sequence for rule in map(rule_for, _outside_lift(module)))


def _outside_lift(module: torch.nn.Module) -> list[torch.nn.Module]:
    if isinstance(module, Lift):
        return []
    return [module, *(inner for child in module.children() for inner in _outside_lift(child))]


def _defaults(module: torch.nn.Module) -> dict[str, Any]:
    """Fix optional arguments of ``forward`` (such as a state) to their defaults."""
    parameters = inspect.signature(module.forward).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _neurons_without_rule(module: torch.nn.Module) -> list[Diagnostic]:
    found = []
    for name, inner in module.named_modules():
        fix = refusal(inner)
        if fix is not None:
            kind = type(inner).__name__
            message = f"{kind} has no integer form"
            found.append(Diagnostic("NT-TORCH-001", Severity.ERROR, name, message, kind, "", fix, f"{name} ({kind})"))
    return found


def _mixed_time(module: torch.nn.Module) -> list[Diagnostic]:
    """Cells outside ``Lift`` run one step, sequence modules whole rasters; a model can do only one of the two."""
    outside = [rule_for(inner) for inner in _outside_lift(module)]
    if not is_stepped(module) or all(rule is None or not rule.sequence for rule in outside):
        return []
    names = [n for n, m in module.named_modules() if (rule := rule_for(m)) is not None and rule.sequence]
    message = f"cells and sequence modules ({', '.join(names)}) stand side by side"
    return [Diagnostic("NT-TORCH-004", Severity.ERROR, "", message, fix="wrap the cells in Lift, or use cells only")]


def _sequences_in_lift(module: torch.nn.Module) -> list[Diagnostic]:
    """``Lift`` hands on one step, which a sequence module would take for a raster: its samples for time steps."""
    found = []
    for name, outer in module.named_modules():
        inner = outer.lifted_module.named_modules() if isinstance(outer, Lift) else ()
        kinds = [type(m).__name__ for _, m in inner if isinstance(m, Lift) or ((r := rule_for(m)) and r.sequence)]
        if kinds:
            message = f"{name}: {', '.join(kinds)} inside Lift would step through the batch instead of time"
            fix = "take it out of Lift, or use the cell of the same name"
            found.append(Diagnostic("NT-TORCH-004", Severity.ERROR, name, message, kinds[0], "", fix, f"{name} (Lift)"))
    return found


def _in_place(graph: fx.Graph) -> list[Diagnostic]:
    """Calls that change a value which others hold; torch marks them by a trailing underscore."""
    found = []
    for node in graph.nodes:
        name = node.target if node.op == "call_method" else getattr(node.target, "__name__", "")
        if node.op in ("call_method", "call_function") and name.endswith("_") and not name.endswith("__"):
            message = f"{node.name}: {name} changes a tensor in place"
            fix = f"use {name.rstrip('_')}, which returns a new tensor"
            found.append(Diagnostic("NT-TORCH-011", Severity.ERROR, node.name, message, name, "", fix))
    return found


def _untraceable(error: Exception) -> Diagnostic:
    """Name the line of the user's code at which symbolic tracing stopped."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_LIBRARIES)]
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    line = frames[-1].line or "" if frames else ""
    fix = "make the control flow independent of the data, or put the code into a module of its own outside the model"
    return Diagnostic("NT-TORCH-002", Severity.ERROR, "", f"cannot be traced: {error}", line, "", fix, place)
