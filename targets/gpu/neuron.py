"""Neuron populations in float32: the update of :mod:`neurotool.ir.update`, one step at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from neurotool.ir.update import FloatArray, NeuronUpdate
from neurotool.targets.gpu.surrogate import spike


class NeuronState(NamedTuple):
    """What a population keeps between two steps, each ``[batch, *shape]``.

    Attributes:
        current: Synaptic current after its decay.
        membrane: Membrane potential after the reset.
    """

    current: torch.Tensor
    membrane: torch.Tensor


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


class Neuron(nn.Module):
    """A population under a :class:`NeuronUpdate`; differentiable in its input through the surrogate of the spike.

    The order of operations is Norse's: the current jumps by the input, drives the membrane, and decays last, so that
    the state that is kept is the decayed current. Where gain and resistance are 1 the result equals Norse's float32
    modules bit for bit.

    Args:
        update: Coefficients, each of the shape of the population.
    """

    current_decay: torch.Tensor
    input_gain: torch.Tensor
    membrane_decay: torch.Tensor
    resistance: torch.Tensor
    leak: torch.Tensor
    threshold: torch.Tensor | None
    reset: torch.Tensor
    initial: torch.Tensor

    def __init__(self, update: NeuronUpdate) -> None:
        super().__init__()
        self.leaky = update.leaky
        for name in ("current_decay", "input_gain", "membrane_decay", "resistance", "leak", "reset", "initial"):
            self.register_buffer(name, _float32(getattr(update, name)))
        self.register_buffer("threshold", None if update.threshold is None else _float32(update.threshold))

    def initial_state(self, batch: int) -> NeuronState:
        """State before the first step, for ``batch`` samples."""
        membrane = self.initial.expand(batch, *self.initial.shape)
        return NeuronState(torch.zeros_like(membrane), membrane)

    def step(self, x: torch.Tensor, state: NeuronState) -> tuple[NeuronStep, NeuronState]:
        """Advance one time step by an input ``[batch, *shape]``."""
        u = state.current + self.input_gain * x
        if self.leaky:
            v_free = state.membrane + self.membrane_decay * ((self.leak - state.membrane) + self.resistance * u)
        else:
            v_free = state.membrane + self.resistance * u
        current = u - self.current_decay * u
        if self.threshold is None:
            return NeuronStep(x, u, v_free, v_free, v_free, False), NeuronState(current, v_free)
        fired = spike(v_free - self.threshold)
        v = (1 - fired) * v_free + fired * self.reset
        return NeuronStep(x, u, v_free, v, fired, True), NeuronState(current, v)

    def forward(self, raster: torch.Tensor, observe: Observer | None = None) -> torch.Tensor:
        """Run from rest over ``[time, batch, *shape]`` and return the spikes or potentials in the same shape."""
        state = self.initial_state(raster.shape[1])
        outputs = []
        for x in raster:
            result, state = self.step(x, state)
            outputs.append(result.out)
            if observe is not None:
                observe(result)
        return torch.stack(outputs)


def _float32(values: FloatArray) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)
