"""Populations that step together, over a window of rows."""

from __future__ import annotations

from typing import Protocol

from neurotool.targets.loihi import loops
from neurotool.targets.loihi.components import Component
from neurotool.targets.loihi.layers import Layer
from neurotool.targets.loihi.run import Run


class Group(Protocol):
    """Populations that step together.

    Attributes:
        layers: Their layers, in the order in which they step within a row.
        together: How they step, in words; empty if they need not step together.
    """

    layers: list[Layer]
    together: str

    def advance(self, first: int, last: int) -> None:
        """Run all populations over a window."""
        ...


class Stepwise:
    """Populations that take turns, each as many rows at once as the loop allows; all of a window outside loops."""

    def __init__(self, layers: list[Layer], stride: int) -> None:
        self.layers = layers
        self.together = {0: "", 1: "step by step in a loop"}.get(stride, f"{stride} steps at a time in a loop")
        self._stride = stride

    def advance(self, first: int, last: int) -> None:
        """Run all populations over a window."""
        for layer in self.layers:
            layer.prepare(first, last)
        stride = self._stride or last - first
        for low in range(first, last, stride):
            for layer in self.layers:
                layer.advance(low, min(low + stride, last))


def group(run: Run, component: Component) -> Group:
    """Return the fastest way in which a component can step."""
    loop = frozenset(component.names if component.looped else ())
    layers = [Layer(run, run.program.populations[name], loop) for name in component.names]
    if component.looped and run.steps >= loops.WORTH_COMPILING and loops.is_compilable(layers):
        return loops.CompiledLoop(run, layers)
    return Stepwise(layers, component.stride)
