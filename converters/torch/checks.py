"""What a neuron asks of the code around it: a raster to run over, and its state left alone."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator

import torch
from torch import fx, nn

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch.interpret import Layout
from neurotool.converters.torch.names import LIFTED, module_origin, module_path
from neurotool.converters.torch.tracer import STEPPED
from neurotool.diagnostics import Diagnostic, Severity


def parameter_findings(module: nn.Module) -> Iterator[Diagnostic]:
    """Find parameters that hold something else than finite numbers."""
    for name, parameter in module.named_parameters():
        wrong = int((~torch.isfinite(parameter)).sum())
        if wrong:
            message = f"{name}: {wrong} of {parameter.numel()} values are NaN or infinite"
            fix = "load a checkpoint from before the training diverged"
            yield Diagnostic("NT-TORCH-016", Severity.ERROR, name, message, str(wrong), "finite numbers", fix)


def repeated_neurons(module: fx.GraphModule) -> list[Diagnostic]:
    """Find neurons that are called more than once, as by an unrolled loop over time."""
    calls = Counter(str(node.target) for node in module.graph.nodes if node.op == "call_module")
    found = []
    for target, count in calls.items():
        if count > 1 and rule_for(module.get_submodule(target)) is not None:
            name, origin = module_path(target), module_origin(module, target)
            message = f"{name}: it is called {count} times"
            fix = "make one module per call; instead of a loop over time, put the cell into Lift or use LIF"
            found.append(Diagnostic("NT-TORCH-005", Severity.ERROR, name, message, str(count), "once", fix, origin))
    return found


def neuron_findings(node: fx.Node, source: Layout, name: str, origin: str, from_outside: bool) -> Iterator[Diagnostic]:
    """Check one call of a neuron.

    Args:
        node: The call.
        source: Axes of its input.
        name: Name of the graph node.
        origin: Where it stands in the model.
        from_outside: Whether the whole model is stepped by its caller.
    """

    def error(rule: str, message: str, fix: str) -> Diagnostic:
        return Diagnostic(rule, Severity.ERROR, name, f"{name}: {message}", fix=fix, origin=origin)

    if any(a is not None for a in (*node.args[1:], *node.kwargs.values())):
        fix = "let the neuron keep its state: use LIF, or Lift around the cell, instead of a loop over time"
        yield error("NT-TORCH-003", "a state is passed to it", fix)
    if from_outside and _is_outside_lift(node) and not _returns_state(node):
        fix = "return it: 'return output, state' (SequentialState does), or put the cell into Lift"
        yield error("NT-TORCH-003", "its state is not returned, so it is lost after every step", fix)
    if not source.timed:
        yield error("NT-TORCH-006", "its input has no time axis", "repeat the value over the time steps")
    elif not source.standard:
        fix = "bring time to the first axis and the batch to the second, with all time steps"
        yield error("NT-TORCH-006", "its input is not a raster [time, batch, *features] of all time steps", fix)


def _is_outside_lift(node: fx.Node) -> bool:
    return bool(node.meta.get(STEPPED, False)) and LIFTED not in str(node.target).split(".")


def _returns_state(node: fx.Node) -> bool:
    """Whether the state of a cell is among the results of the model."""
    held = [node, *(u for u in node.users if u.target is operator.getitem and u.args[1] in (1, -1))]
    return any(user.op == "output" for value in held for user in value.users)
