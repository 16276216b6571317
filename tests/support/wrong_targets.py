"""Targets that are wrong on purpose, each in one detail, to see that the conformance suite notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np

from neurotool.ir.adapters import Availability, RunOptions
from neurotool.ir.program import ChipProgram, Projection
from neurotool.ir.trace import Raster, Trace
from neurotool.neurons import MODELS
from neurotool.plugins import load
from neurotool.synapses import Delivery

REFERENCE = load("neurotool.targets", "loihi-reference")


@dataclass
class Wrong:
    """The reference with a patch applied while it runs."""

    name: str
    patches: Callable[[], Any] = nullcontext

    def available(self) -> Availability:
        return Availability(True, "wrong on purpose")

    def run_program(self, program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions) -> Trace:
        with self.patches():
            return replace(REFERENCE.run_program(program, inputs, options), target=f"wrong {self.name}")


def function(path: str, wrong: Callable[..., Any]) -> Wrong:
    """Another function in the place of one of ours."""
    return Wrong(path.rpartition(".")[2], lambda: patch(path, wrong))


def model(name: str, wrong: Callable[..., Any]) -> Wrong:
    """Another step for a neuron model: ``wrong`` takes the right step and its arguments."""

    class WrongModel(type(MODELS[name])):  # type: ignore[misc]
        def step(self, parameters, state, inputs, *, row, strict=False):
            return wrong(super().step, parameters, state, inputs, row)

    return Wrong(name, lambda: patch.dict(MODELS, {name: WrongModel()}))


def later(steps: int) -> Callable[..., Any]:
    """A step that believes it is in another row."""
    return lambda step, parameters, state, inputs, row: step(parameters, state, inputs, row=row + steps)


def more(parameter: str) -> Callable[..., Any]:
    """A step with a parameter larger by one."""
    return lambda step, parameters, state, inputs, row: step(
        {**parameters, parameter: parameters[parameter] + 1}, state, inputs, row=row
    )


def flipped(state_name: str, where: Callable[[Mapping[str, np.ndarray]], np.ndarray]) -> Callable[..., Any]:
    """A step that flips the lowest bit of a state of the neurons with certain parameters."""

    def step(right, parameters, state, inputs, row):
        new, sent = right(parameters, state, inputs, row=row)
        return {**new, state_name: new[state_name] ^ where(parameters)}, sent

    return step


class OneShift(Delivery):
    """Shifts the sum over all delays once, instead of the sum of every delay."""

    def __init__(self, program: ChipProgram, projection: Projection) -> None:
        super().__init__(program, replace(projection, weight_exp=0))
        self.exponent = projection.weight_exp
        self.projection = projection

    def activation(self, sent: Any) -> Any:
        kept, self.projection = self.projection, replace(self.projection, weight_exp=0)
        total = super().activation(sent)
        self.projection = kept
        return total << self.exponent if self.exponent > 0 else total >> -self.exponent


def toward_zero(total: Any, projection: Projection) -> Any:
    exponent = projection.weight_exp
    return total << exponent if exponent > 0 else np.sign(total) * (abs(total) >> -exponent)
