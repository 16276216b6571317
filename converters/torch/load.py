"""Specification to source: import, trace, build, and keep a way to run the original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from norse.torch import SequentialState

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch.build import GraphBuilder
from neurotool.converters.torch.checks import parameter_findings
from neurotool.converters.torch.compare import differences
from neurotool.converters.torch.digest import digest_of
from neurotool.converters.torch.inputs import Axes, Call, call_of
from neurotool.converters.torch.interpret import Measured, measure
from neurotool.converters.torch.names import module_path
from neurotool.converters.torch.record import ModuleRunner
from neurotool.converters.torch.resolve import resolve
from neurotool.converters.torch.trace import Traced, trace
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import Source, SourceOptions
from neurotool.ir.convention import CONVENTIONS

CONVENTION = "norse"
DEFAULT_DT = 1e-3


def load(spec: str, options: SourceOptions) -> Source:
    """Load ``package.module:name``; see :meth:`neurotool.converters.torch.converter.TorchConverter.load`."""
    return from_module(resolve(spec, options.seed), spec, options)


def load_object(module: object, options: SourceOptions) -> Source:
    """Describe an object; see :meth:`neurotool.converters.torch.converter.TorchConverter.describe`."""
    if not isinstance(module, torch.nn.Module):
        forms = "give a torch.nn.Module, package.module:factory or a .nir file"
        raise UsageError(f"a {type(module).__name__} is no model", hint=forms)
    return from_module(module, f"<{type(module).__module__}.{type(module).__qualname__} object>", options)


def from_module(module: torch.nn.Module, spec: str, options: SourceOptions) -> Source:
    """Describe a torch module as a graph.

    Args:
        module: The module; it is set to evaluation mode.
        spec: What to call it in messages.
        options: ``dt`` and ``convention`` must agree with the module's own where they are given; examples may be left
            out if the module brings its own (``neurotool.converters.torch.inputs``).

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
    _refuse(spec, list(parameter_findings(module)))
    call = call_of(module, spec, options.example)
    builder, traced = _built(module, call, spec, options)
    dt, notes = _dt(module, spec, options.dt)
    graph = builder.graph(dt, CONVENTIONS[CONVENTION], notes)
    runner = ModuleRunner(module, graph, builder.paths, traced.call, traced.stepped)
    examples = {name: one.example.numpy() for name, one in traced.call.inputs.items()}
    example = examples if len(examples) > 1 else next(iter(examples.values()))
    sha256 = digest_of(module, {name: graph.nodes[name].op for name in graph.neurons})
    return Source(spec, graph, sha256, runner, example)


def _built(module: torch.nn.Module, call: Call, spec: str, options: SourceOptions) -> tuple[GraphBuilder, Traced]:
    """Trace and build; an input that a loop takes in every step is tried without a time axis where it does not fit."""
    traced = trace(module, call)
    held = {name: one for name, one in traced.call.inputs.items() if name in traced.held and not one.given}
    timed = {name: one.read_as(Axes.BATCH) for name, one in held.items() if one.timed}
    try:
        return _build(module, traced, spec, options), traced
    except (UsageError, UnsupportedError):
        if not timed:
            raise
        static = replace(call, inputs={**traced.call.inputs, **timed})
        try:
            again = trace(module, static)
            return _build(module, again, spec, options), again
        except (UsageError, UnsupportedError):
            pass
        raise


def _build(module: torch.nn.Module, traced: Traced, spec: str, options: SourceOptions) -> GraphBuilder:
    alone = next(iter(traced.call.inputs.values()))
    if len(traced.call.inputs) == 1 and not alone.timed and not alone.given and not traced.held:
        found = list(alone.example.shape)
        raise UsageError(f"{spec}: the example has shape {found}, expected [time, batch, *features]")
    _dt(module, spec, options.dt)
    try:
        measured = _measure(traced, spec)
    except UsageError:
        _refuse(spec, traced.problems)  # what is unrolled for one number of steps does not run on another
        raise
    kinds = {name: one.kind for name, one in traced.call.inputs.items()}
    builder = GraphBuilder(traced.module, measured, kinds, traced.stepped, traced.refused, list(traced.problems))
    builder.build()
    _refuse(spec, builder.problems)
    _refuse(spec, differences(module, traced, measured))
    return builder


def _refuse(spec: str, problems: Sequence[Diagnostic]) -> None:
    if problems:
        count = len(problems)
        raise UnsupportedError(f"{spec}: {count} finding(s) keep it from being converted", diagnostics=problems)


def _measure(traced: Traced, spec: str) -> Measured:
    try:
        return measure(traced.module, traced.call.inputs)
    except Exception as error:  # a user's module may fail on an example in any way
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        shapes = [list(one.in_order(one.example).shape) for one in traced.call.inputs.values()]
        raise UsageError(
            f"{spec}: it does not run on an example of shape {', '.join(map(str, shapes))}: {line}",
            hint=_other_type(traced.module)
            or "samples are [time, batch, *features]; steps and batch size must be free",
        ) from None


def _other_type(module: torch.nn.Module) -> str:
    """Say how to run a module whose parameters are not of the type of the samples; empty where they are."""
    for name, parameter in module.named_parameters():
        if parameter.is_floating_point() and parameter.dtype != torch.float32:
            kind = str(parameter.dtype).removeprefix("torch.")
            return f"samples are float32 and {module_path(name)} is {kind}: call .float() on the module"
    return ""


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
