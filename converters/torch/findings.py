"""What a module must be like before it is traced, and what a trace must not have done to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from norse.torch import Lift
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.norse.unsupported import refusal
from neurotool.converters.torch.lines import code_at, line_of, raised_at
from neurotool.converters.torch.names import ASSIGNMENTS, call_name, changes_in_place
from neurotool.converters.torch.proxies import InPlaceError
from neurotool.converters.torch.tracer import ModuleTracer
from neurotool.diagnostics import Diagnostic, Severity


def outside_lift(module: torch.nn.Module) -> list[torch.nn.Module]:
    """Return a module and all inside it, but nothing that a ``Lift`` runs."""
    if isinstance(module, Lift):
        return []
    return [module, *(inner for child in module.children() for inner in outside_lift(child))]


def holds_cells(module: torch.nn.Module) -> bool:
    """Whether a module holds cells that no ``Lift`` runs over time."""
    return any(rule is not None and not rule.sequence for rule in map(rule_for, outside_lift(module)))


def before(module: torch.nn.Module) -> list[Diagnostic]:
    """Check a module before it is traced."""
    return [*_neurons_without_rule(module), *_hidden_neurons(module), *_sequences_in_lift(module)]


def _neurons_without_rule(module: torch.nn.Module) -> Iterator[Diagnostic]:
    for name, inner in module.named_modules():
        fix = refusal(inner)
        if fix is not None:
            kind = type(inner).__name__
            yield _error("NT-TORCH-001", name, f"{kind} has no integer form", kind, fix, f"{name} ({kind})")


def _hidden_neurons(module: torch.nn.Module) -> Iterator[Diagnostic]:
    """Neurons inside a module that is one node, such as torch's attention."""
    tracer = ModuleTracer.leaves()
    for name, outer in module.named_modules():
        runs = type(outer).forward is not torch.nn.Module.forward  # lists and dictionaries of modules do not
        if not runs or rule_for(outer) is not None or not _is_whole(tracer, outer, name):
            continue
        for path, inner in outer.named_modules():
            if rule_for(inner) is not None:
                kind = type(outer).__name__
                message = f"{type(inner).__name__} ({path}) runs inside {kind}, which is one operation"
                fix = "take the neuron out of it: neurons in front of it or behind it run on the chip"
                yield _error("NT-TORCH-012", f"{name}.{path}", message, kind, fix, f"{name} ({kind})")


def _is_whole(tracer: ModuleTracer, module: torch.nn.Module, name: str) -> bool:
    return tracer.is_leaf_module(module, name) or isinstance(module, torch.nn.MultiheadAttention)


def mixed_time(module: torch.nn.Module) -> list[Diagnostic]:
    """Cells outside ``Lift`` run one step, sequence modules whole rasters; a stepped model can do only one."""
    outside = [rule_for(inner) for inner in outside_lift(module)]
    if all(rule is None or not rule.sequence for rule in outside):
        return []
    names = [n for n, m in module.named_modules() if (rule := rule_for(m)) is not None and rule.sequence]
    message = f"cells and sequence modules ({', '.join(names)}) stand side by side"
    return [_error("NT-TORCH-004", "", message, "", "wrap the cells in Lift, or use cells only", "")]


def _sequences_in_lift(module: torch.nn.Module) -> Iterator[Diagnostic]:
    """``Lift`` hands on one step, which a sequence module would take for a raster: its samples for time steps."""
    for name, outer in module.named_modules():
        inner = outer.lifted_module.named_modules() if isinstance(outer, Lift) else ()
        kinds = [type(m).__name__ for _, m in inner if isinstance(m, Lift) or ((r := rule_for(m)) and r.sequence)]
        if kinds:
            message = f"{name}: {', '.join(kinds)} inside Lift would step through the batch instead of time"
            fix = "take it out of Lift, or use the cell of the same name"
            yield _error("NT-TORCH-004", name, message, kinds[0], fix, f"{name} (Lift)")


def in_place(graph: fx.Graph) -> list[Diagnostic]:
    """Calls that change a value which others hold, one for each line."""
    found: dict[str, Diagnostic] = {}
    for node in filter(changes_in_place, graph.nodes):
        name = call_name(node)
        message = f"{node.name}: {name} changes a tensor in place"
        fix = f"use {name.rstrip('_')}, which returns a new tensor"
        if name in ASSIGNMENTS:
            fix = "collect the steps in a list and use torch.stack; write x = x + y"
        line = line_of(node)
        found.setdefault(
            line or node.name, _error("NT-TORCH-011", node.name, message, code_at(line) or name, fix, line)
        )
    return list(found.values())


def untraceable(error: Exception) -> Diagnostic:
    """Name the line of the user's code at which symbolic tracing stopped."""
    place = raised_at(error)
    if isinstance(error, InPlaceError) or "item assignment" in str(error):
        fix = "collect the steps in a list and use torch.stack, or torch.cat and torch.where"
        return _error("NT-TORCH-011", "", f"a tensor is changed in place: {error}", code_at(place), fix, place)
    fix = "make the control flow independent of the data, or put the code into a module of its own outside the model"
    return _error("NT-TORCH-002", "", f"cannot be traced: {error}", code_at(place), fix, place)


Attributes = dict[torch.nn.Module, list[dict[str, Any]]]


def attributes(module: torch.nn.Module) -> Attributes:
    """Remember what a module and those inside it hold."""
    return {inner: [dict(found) for found in _stores(inner)] for inner in module.modules()}


def kept_states(module: torch.nn.Module, known: Attributes) -> list[Diagnostic]:
    """Find attributes and buffers that a trace set on modules, and take them back."""
    found = []
    for name, inner in module.named_modules():
        for store, before in zip(_stores(inner), known[inner], strict=True):
            for attribute, value in list(store.items()):
                if value is before.get(attribute) or not (proxies := _proxies(value)):
                    continue
                path = f"{name}.{attribute}" if name else attribute
                found.append(_kept(path, line_of(proxies[0].node)))
                del store[attribute]
                store |= {attribute: before[attribute]} if attribute in before else {}
    return found


def _stores(module: torch.nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
    return vars(module), module._buffers


def _proxies(value: Any) -> list[fx.Proxy]:
    parts: list[Any] = list(value.values()) if isinstance(value, Mapping) else [value]
    parts = [p for part in parts for p in (part if isinstance(part, tuple | list) else (part,))]
    return [part for part in parts if isinstance(part, fx.Proxy)]


def _kept(path: str, line: str) -> Diagnostic:
    message = f"{path} is kept on the module from one call to the next"
    fix = "return the state beside the output, or run all steps in one call of forward"
    return _error("NT-TORCH-013", path, message, code_at(line), fix, line)


def _error(rule: str, node: str, message: str, found: str, fix: str, origin: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, node, message, found, "", fix, origin)
