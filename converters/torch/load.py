"""Specification to source: import, trace, build, and keep a way to run the original."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from norse.torch import SequentialState
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch.build import GraphBuilder
from neurotool.converters.torch.checks import repeated_neurons
from neurotool.converters.torch.interpret import layouts
from neurotool.converters.torch.record import ModuleRunner
from neurotool.converters.torch.resolve import resolve
from neurotool.converters.torch.tracer import is_stepped, trace
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import Array, Source, SourceOptions
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.graph import Graph
from neurotool.ir.values import ValueKind

CONVENTION = "norse"
DEFAULT_DT = 1e-3


def load(spec: str, options: SourceOptions) -> Source:
    """Load ``package.module:name``; see :meth:`neurotool.converters.torch.converter.TorchConverter.load`."""
    return from_module(resolve(spec, options.seed), spec, options)


def from_module(module: torch.nn.Module, spec: str, options: SourceOptions) -> Source:
    """Describe a torch module as a graph.

    Args:
        module: The module; it is set to evaluation mode.
        spec: What to call it in messages.
        options: ``dt`` and ``convention`` must agree with the module's own where they are given; ``example`` may be
            left out if the module has an attribute ``example_input``.

    Raises:
        UsageError: The options disagree with the module, or the example does not run.
        UnsupportedError: It holds something without a meaning here; lists all of it.
    """
    module.eval()
    if rule_for(module) is not None:
        module = SequentialState(module)  # the tracer looks into the model itself, but not into a neuron
    if options.convention not in (None, CONVENTION):
        raise UsageError(
            f"{spec}: its neurons are Norse's, so the convention is {CONVENTION!r}, not {options.convention!r}",
            hint="leave out --convention; it is for files that do not say",
        )
    example = _example(module, spec, options.example)
    traced = trace(module)
    _remove_defaults(traced)
    dt, notes = _dt(module, spec, options.dt)
    repeated = repeated_neurons(traced)
    try:
        shapes = _layouts(traced, example, spec)
    except UsageError:
        _refuse(spec, repeated)  # what is unrolled for one number of steps does not run on another
        raise
    builder = GraphBuilder(traced, shapes, _kind(example), problems=repeated)
    builder.build()
    _refuse(spec, builder.problems)
    graph = builder.graph(dt, CONVENTIONS[CONVENTION], notes)
    runner = ModuleRunner(module, graph, builder.paths, is_stepped(module))
    return Source(spec, graph, _digest(module, graph), runner, example.numpy())


def _refuse(spec: str, problems: Sequence[Diagnostic]) -> None:
    if problems:
        count = len(problems)
        raise UnsupportedError(f"{spec}: {count} finding(s) keep it from being converted", diagnostics=problems)


def _example(module: torch.nn.Module, spec: str, given: Array | None) -> torch.Tensor:
    own = getattr(module, "example_input", None)
    if given is None and own is None:
        raise UsageError(
            f"{spec}: an example input is needed to find the shapes",
            hint="give --calib data.npz, or set example_input [time, batch, *features] on the module",
        )
    example = torch.as_tensor(np.asarray(own if given is None else given))
    if example.ndim < 3 or 0 in example.shape:
        raise UsageError(f"{spec}: the example has shape {list(example.shape)}, expected [time, batch, *features]")
    return example


def _kind(example: torch.Tensor) -> ValueKind:
    """Spikes if the example holds nothing but zeros and ones, or integers; floats otherwise."""
    if not example.is_floating_point() or bool(((example == 0) | (example == 1)).all()):
        return ValueKind.SPIKES
    return ValueKind.FLOAT


def _remove_defaults(traced: fx.GraphModule) -> None:
    """Drop the placeholders of optional arguments, which tracing has fixed to their defaults."""
    for node in list(traced.graph.nodes):
        if node.op == "placeholder" and not node.users:
            traced.graph.erase_node(node)
    traced.recompile()


def _layouts(traced: fx.GraphModule, example: torch.Tensor, spec: str) -> dict[fx.Node, Any]:
    try:
        return layouts(traced, example.float())
    except Exception as error:  # a user's module may fail on an example in any way
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(
            f"{spec}: it does not run on an example of shape {list(example.shape)}: {line}",
            hint="samples are [time, batch, *features]; steps and batch size must be free",
        ) from None


def _dt(module: torch.nn.Module, spec: str, wanted: float | None) -> tuple[float, tuple[str, ...]]:
    """Return the time step that all neurons agree on, and a note where it was assumed."""
    steps = {name: float(m.dt) for name, m in module.named_modules() if rule_for(m) is not None}
    if not steps:
        assumed = () if wanted is not None else (f"no neuron tells the time step; took {DEFAULT_DT:g} s",)
        return wanted or DEFAULT_DT, assumed
    if len(set(steps.values())) > 1:
        problems = [
            Diagnostic(
                "NT-TORCH-009",
                Severity.ERROR,
                name,
                "its time step differs from others",
                f"dt = {dt:g} s",
                fix="give every neuron the same dt, also an IAF, which takes one too",
            )
            for name, dt in steps.items()
        ]
        raise UnsupportedError(f"{spec}: neurons have different time steps", diagnostics=problems)
    (dt,) = set(steps.values())
    if wanted is not None and abs(wanted - dt) > 1e-9 * dt:
        raise UsageError(f"--dt {wanted:g}s: the neurons of {spec} step by {dt:g} s", hint="leave out --dt")
    return dt, ()


def _digest(module: torch.nn.Module, graph: Graph) -> str:
    """Digest of the class name, of every parameter and buffer, and of the neurons, which keep theirs elsewhere."""
    digest = hashlib.sha256(f"{type(module).__module__}.{type(module).__qualname__}".encode())
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    for name in sorted(graph.neurons):
        for field, value in sorted(vars(graph.nodes[name].op).items()):
            if isinstance(value, np.ndarray):
                digest.update(f"{name}.{field}".encode())
                digest.update(value.tobytes())
    return digest.hexdigest()
