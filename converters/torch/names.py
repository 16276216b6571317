"""Names of graph nodes: module paths as a user writes them."""

from __future__ import annotations

import torch
from torch import fx

LIFTED = "lifted_module"
"""Attribute under which ``Lift`` holds the module that it runs once per step."""


def node_name(node: fx.Node, taken: set[str]) -> str:
    """Return the module path of a call (without ``lifted_module``), or the fx name of a function, made unique."""
    base = module_path(str(node.target)) if node.op == "call_module" else node.name
    name, number = base, 1
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def module_path(target: str) -> str:
    """Return a module path without the steps into ``Lift``."""
    return ".".join(part for part in target.split(".") if part != LIFTED) or target


def module_origin(root: torch.nn.Module, target: str) -> str:
    """Describe where a module stands: its path and class, with the ``Lift`` around it."""
    kind = type(root.get_submodule(target)).__name__
    if target.endswith(LIFTED):
        kind = f"Lift({kind})"
    return f"{module_path(target)} ({kind})"


def qualified(call: object) -> str:
    """Return a readable name of a function or module class: ``torch.nn.ReLU``, ``torch.relu``."""
    kind = type(call) if isinstance(call, torch.nn.Module) else call
    name = getattr(kind, "__name__", str(kind))
    module = getattr(kind, "__module__", None) or ""
    if module.startswith("torch.nn.modules"):
        return f"torch.nn.{name}"
    return f"{module.lstrip('_')}.{name}" if module else f"torch.{name}"


ASSIGNMENTS = frozenset(
    {"setitem", "__setitem__", "iadd", "isub", "imul", "itruediv", "__iadd__", "__isub__", "__imul__", "__itruediv__"}
)
"""Calls behind ``x[i] = y`` and ``x += y`` where x is a tensor of the model."""


def call_name(node: fx.Node) -> str:
    """Return the name of the function or method that a node calls."""
    return str(node.target) if node.op == "call_method" else str(getattr(node.target, "__name__", ""))


def changes_in_place(node: fx.Node) -> bool:
    """Whether a node changes a value that others hold; torch marks such calls by a trailing underscore."""
    name = call_name(node)
    called = node.op in ("call_method", "call_function")
    return called and (name in ASSIGNMENTS or (name.endswith("_") and not name.endswith("__")))
