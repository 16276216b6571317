"""Neuron populations in float32: the update of :mod:`neurotool.ir.update`, one step at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from neurotool.arrays import Float64Array
from neurotool.ir.update import NeuronUpdate
from neurotool.targets.gpu.surrogate import spike


class NeuronState(NamedTuple):
    """What a population keeps between two steps, each ``[batch, *shape]``.

    Attributes:
        current: Synaptic current after its decay.
        membrane: Membrane potential after the reset.
        held: Steps for which the potential still stays at its reset; None without a refractory period.
        row: Steps since the sample began.
    """

    current: torch.Tensor
    membrane: torch.Tensor
    held: torch.Tensor | None = None
    row: int = 0


class NeuronStep(NamedTuple):
    """Everything that one step computes; tensors are ``[batch, *shape]``.

    Attributes:
        x: Input of the population.
        u: Synaptic current that the membrane equation used.
        v_free: Membrane potential before the reset.
        v: Membrane potential after the reset.
        out: Spikes (0 or 1), or the membrane potential of a population that never fires.
        spikes: Whether ``out`` holds spikes.
    """

    x: torch.Tensor
    u: torch.Tensor
    v_free: torch.Tensor
    v: torch.Tensor
    out: torch.Tensor
    spikes: bool


Observer = Callable[[NeuronStep], None]
"""Called after every step."""

Advance = Callable[[torch.Tensor], torch.Tensor]
"""Takes the input of the next step, ``[batch, *shape]``, and returns its output."""


class Neuron(nn.Module):
    """A population under a :class:`NeuronUpdate`; differentiable in its input through the surrogate of the spike.

    The order of operations is Norse's: the current jumps by the input, drives the membrane, and decays last, so that
    the state that is kept is the decayed current. Where gain and resistance are 1 the result equals Norse's float32
    modules bit for bit.

    Args:
        update: Coefficients, each of the shape of the population.
        forgets: The potential is the driven one alone, without the rounding of a decay by all of it: for a
            ``nir.Threshold``, which has no state.
    """

    current_decay: torch.Tensor
    input_gain: torch.Tensor
    membrane_decay: torch.Tensor
    resistance: torch.Tensor
    leak: torch.Tensor
    threshold: torch.Tensor | None
    reset: torch.Tensor
    initial: torch.Tensor
    subtract: torch.Tensor | None
    schedule: torch.Tensor | None

    def __init__(self, update: NeuronUpdate, *, forgets: bool = False) -> None:
        super().__init__()
        self.leaky = update.leaky
        self.forgets = forgets
        self.inclusive = update.inclusive
        self.refractory = update.refractory
        for name in ("current_decay", "input_gain", "membrane_decay", "resistance", "leak", "reset", "initial"):
            self.register_buffer(name, _float32(getattr(update, name)))
        for name in ("threshold", "subtract", "schedule"):
            values = getattr(update, name)
            self.register_buffer(name, None if values is None else _float32(values))

    @property
    def form(self) -> tuple[object, ...]:
        """What decides which operations a step holds, whatever the values of the parameters."""
        held = tuple(getattr(self, name) is None for name in ("threshold", "subtract", "schedule"))
        return self.leaky, self.forgets, self.inclusive, self.refractory > 0, *held

    def initial_state(self, batch: int) -> NeuronState:
        """State before the first step, for ``batch`` samples."""
        membrane = self.initial.expand(batch, *self.initial.shape)
        nothing = torch.zeros_like(membrane)
        return NeuronState(nothing, membrane, nothing if self.refractory else None)

    def step(self, x: torch.Tensor, state: NeuronState) -> tuple[NeuronStep, NeuronState]:
        """Advance one time step by an input ``[batch, *shape]``."""
        u = state.current + self.input_gain * x
        v_free = self._integrate(state.membrane, u)
        current = u - self.current_decay * u
        if self.threshold is None:
            return NeuronStep(x, u, v_free, v_free, v_free, False), NeuronState(current, v_free)
        if state.held is not None:
            v_free = torch.where(state.held > 0, self.reset, v_free)
        fired = spike(v_free - self._threshold_at(self.threshold, state.row), inclusive=self.inclusive)
        v = self._reset(v_free, fired)
        held = self._hold(state.held, fired)
        return NeuronStep(x, u, v_free, v, fired, True), NeuronState(current, v, held, state.row + 1)

    def _threshold_at(self, last: torch.Tensor, row: int) -> torch.Tensor:
        return last if self.schedule is None or row >= len(self.schedule) else self.schedule[row]

    def _integrate(self, v: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        if self.forgets:
            return self.resistance * u
        if self.leaky:
            return v + self.membrane_decay * ((self.leak - v) + self.resistance * u)
        return v + self.resistance * u

    def _reset(self, v_free: torch.Tensor, fired: torch.Tensor) -> torch.Tensor:
        if self.subtract is not None:
            return v_free - fired * self.subtract
        return (1 - fired) * v_free + fired * self.reset

    def _hold(self, held: torch.Tensor | None, fired: torch.Tensor) -> torch.Tensor | None:
        if held is None:
            return None
        return torch.where(fired > 0, self.refractory, (held - 1).clamp(min=0))

    def stepper(self, observe: Observer | None = None) -> Advance:
        """Start a run from rest; each call of the result is one step."""
        state: NeuronState | None = None

        def advance(x: torch.Tensor) -> torch.Tensor:
            nonlocal state
            result, state = self.step(x, self.initial_state(x.shape[0]) if state is None else state)
            if observe is not None:
                observe(result)
            return result.out

        return advance

    def forward(self, raster: torch.Tensor, observe: Observer | None = None) -> torch.Tensor:
        """Run from rest over ``[time, batch, *shape]`` and return the spikes or potentials in the same shape."""
        advance = self.stepper(observe)
        return torch.stack([advance(x) for x in raster])


def _float32(values: Float64Array) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)
