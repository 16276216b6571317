"""The inputs of a model: their names, examples, and what their first axes are.

A module brings its examples along, as ``forward`` takes them:

- ``example_input``: the one input of a model, or
- ``example_inputs``: a dictionary by the name of the argument of ``forward`` (or by the keys of the dictionary that its
  only argument is), or a tuple in the order of the arguments, and
- ``input_axes``, where the default does not hold: by the same names, ``"TB"`` for [time, batch, *features], ``"BT"``
  for [batch, time, *features] or ``"B"`` for [batch, *features].

The graph takes timed inputs as [time, batch, *features], whatever order ``forward`` asks for.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import torch

from neurotool.errors import UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.values import ValueKind

SAMPLES = 2
"""Number of samples that a model is traced with."""


class Axes(StrEnum):
    """First axes of an input of ``forward``."""

    TIME_BATCH = "TB"
    BATCH_TIME = "BT"
    BATCH = "B"


@dataclass(frozen=True, eq=False)
class Input:
    """One input of a model.

    Attributes:
        name: Name in the graph: the argument of ``forward``, or the key in its dictionary.
        example: Example in the order of the graph: ``[time, batch, *features]`` or ``[batch, *features]``.
        axes: Order of the axes in ``forward``.
        given: Whether the module says so; otherwise the trace may show something else.
    """

    name: str
    example: torch.Tensor
    axes: Axes
    given: bool

    @property
    def timed(self) -> bool:
        """Whether it has a time axis."""
        return self.axes is not Axes.BATCH

    @property
    def kind(self) -> ValueKind:
        """Spikes if a timed example holds nothing but zeros and ones, or integers; floats otherwise."""
        example = self.example
        binary = not example.is_floating_point() or bool(((example == 0) | (example == 1)).all())
        return ValueKind.SPIKES if binary and self.timed else ValueKind.FLOAT

    def resized(self, steps: int, samples: int) -> torch.Tensor:
        """Return the example with two samples, and more steps and samples as asked for, by repeating what it holds."""
        axis = int(self.timed)
        found = self.example.float()
        found = found.index_select(axis, torch.arange(SAMPLES + samples) % found.shape[axis])
        if self.timed:
            found = found.index_select(0, torch.arange(found.shape[0] + steps) % found.shape[0])
        return found

    def in_order(self, value: torch.Tensor) -> torch.Tensor:
        """Bring a value from the order of the graph into that of ``forward``."""
        return value.transpose(0, 1) if self.axes is Axes.BATCH_TIME else value

    def read_as(self, axes: Axes) -> Input:
        """Return the same input with other axes, the example turned accordingly."""
        if axes is self.axes:
            return self
        raw = self.in_order(self.example)
        return replace(self, axes=axes, example=raw.transpose(0, 1) if axes is Axes.BATCH_TIME else raw)


@dataclass(frozen=True, eq=False)
class Call:
    """How ``forward`` is called.

    Attributes:
        inputs: All inputs by name.
        argument: Name of the one argument that takes all of them as a dictionary; None where each has its own.
    """

    inputs: Mapping[str, Input]
    argument: str | None = None

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments for values by input name."""
        return {self.argument: dict(values)} if self.argument is not None else dict(values)


def call_of(module: torch.nn.Module, spec: str, given: Array | Mapping[str, Array] | None) -> Call:
    """Find the inputs of a module.

    Args:
        module: The module.
        spec: What to call it in messages.
        given: Examples from the user, in the order of the graph, in place of the module's own.

    Raises:
        UsageError: Examples are missing, do not fit the arguments of ``forward``, or have too few axes.
    """
    examples = given if given is not None else _own(module)
    if examples is None:
        raise UsageError(
            f"{spec}: an example input is needed to find the shapes",
            hint="give --calib data.npz, or set example_input [time, batch, *features] on the module",
        )
    named, argument = _named(module, spec, examples)
    declared = dict(getattr(module, "input_axes", {}))
    for name in declared:
        if name not in named or declared[name] not in list(Axes):
            hint = f"the inputs are {', '.join(named)}; axes are {', '.join(Axes)}"
            raise UsageError(f"{spec}: input_axes has {name}: {declared[name]!r}", hint=hint)
    return Call(
        {name: _input(name, value, declared.get(name), given is None, spec) for name, value in named.items()}, argument
    )


def _input(name: str, value: Any, declared: str | None, own: bool, spec: str) -> Input:
    """Describe one input. Two axes are [batch, features] unless the module says otherwise."""
    tensor = torch.as_tensor(np.asarray(value))
    if tensor.ndim < 2 or 0 in tensor.shape:
        found = list(tensor.shape)
        raise UsageError(f"{spec}: the example of {name} has shape {found}, expected [time, batch, *features]")
    axes = Axes(declared or (Axes.BATCH if tensor.ndim == 2 else Axes.TIME_BATCH))
    if own and axes is Axes.BATCH_TIME:
        tensor = tensor.transpose(0, 1)
    return Input(name, tensor, axes, declared is not None)


def _own(module: torch.nn.Module) -> Any:
    """Return the examples that a module brings along, or None."""
    several = getattr(module, "example_inputs", None)
    return several if several is not None else getattr(module, "example_input", None)


def _named(module: torch.nn.Module, spec: str, examples: Any) -> tuple[dict[str, Any], str | None]:
    """Give every example its name.

    Returns:
        Examples by name, and the argument that takes all of them as a dictionary, if there is one.
    """
    parameters = list(inspect.signature(module.forward).parameters.values())
    names = [p.name for p in parameters]
    required = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if isinstance(examples, Mapping):
        found = dict(examples)
        if len(names) >= 1 and not set(found) & set(names) and len(required) == 1:
            return found, required[0]
    else:
        values = examples if isinstance(examples, tuple | list) else (examples,)
        found = dict(zip(names, values, strict=False))
        if len(values) > len(names):
            raise UsageError(f"{spec}: {len(values)} examples for the arguments {', '.join(names)} of forward")
    for name in [*(n for n in required if n not in found), *(n for n in found if n not in names)]:
        problem = "is no argument of forward" if name in found else "has no example"
        raise UsageError(
            f"{spec}: input {name!r} {problem}",
            hint=f"forward takes {', '.join(names)}; set example_inputs = {{name: tensor}} on the module",
        )
    return found, None
