"""Neurons that follow the course of an integer program, and pass gradients as the float neuron would there.

This is the straight-through estimator (Bengio, Leonard and Courville, "Estimating or Propagating Gradients Through
Stochastic Neurons", 2013) for a whole neuron: values are those of the integers, derivatives those of the float update
at these values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from neurotool.ir.tuning import Course
from neurotool.ir.update import NeuronUpdate
from neurotool.targets.gpu.neuron import Advance, Neuron, NeuronStep, Observer

STEEPNESS = 5.0
"""Of the surrogate gradient, for potentials as a share of the distance from reset to threshold."""


class _Follow(torch.autograd.Function):
    """The exact value forward, the gradient to the smooth one backward."""

    @staticmethod
    def forward(ctx: Any, smooth: torch.Tensor, exact: torch.Tensor) -> torch.Tensor:
        return exact.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        return grad_outputs[0], None


class _Fire(torch.autograd.Function):
    """The spikes that the program fired; backward, the slope of a fast sigmoid (see ``surrogate.SuperSpike``)."""

    @staticmethod
    def forward(ctx: Any, distance: torch.Tensor, spikes: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(distance)
        return spikes.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        (distance,) = ctx.saved_tensors
        return grad_outputs[0] / (1.0 + STEEPNESS * distance.abs()) ** 2, None


follow: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = _Follow.apply
fire: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = _Fire.apply


class FollowingNeuron(Neuron):
    """A population whose values are those of a :class:`Course`.

    Within a step the float update is evaluated from the integers' state of the step before, so that its difference to
    the integers is the rounding of one step, and never grows. Gradients do not pass through resets.

    Args:
        update: Coefficients of the float update.
        forgets: As for :class:`Neuron`.
    """

    def __init__(self, update: NeuronUpdate, *, forgets: bool = False) -> None:
        super().__init__(update, forgets=forgets)
        self.course: tuple[torch.Tensor, torch.Tensor, torch.Tensor | None] | None = None

    def set_course(self, course: Course) -> None:
        """Follow a course from now on; each run starts at its first step."""
        like = self.reset
        values = (course.current, course.membrane, course.spikes)
        u, v, s = (None if x is None else torch.as_tensor(x, dtype=like.dtype, device=like.device) for x in values)
        assert u is not None
        assert v is not None
        self.course = (u, v, s)

    def stepper(self, observe: Observer | None = None) -> Advance:
        """Start a run; each call of the result is one step of the course."""
        if self.course is None:
            raise ValueError("there is no course to follow")
        currents, membranes, spikes = self.course
        before = self.initial_state(currents.shape[1])
        u, v, t = before.current, before.membrane, 0
        held = torch.zeros_like(v)

        def advance(x: torch.Tensor) -> torch.Tensor:
            nonlocal u, v, t, held
            u = follow(u - self.current_decay * u + self.input_gain * x, currents[t])
            v_free = self._integrate(v, u)
            if spikes is None or self.threshold is None:
                out = v = follow(v_free, membranes[t])
            else:
                v_free = torch.where(held > 0, self.reset, v_free)
                out = fire((v_free - self._threshold_at(self.threshold, t)) / self._span(), spikes[t])
                v = follow(self._reset(v_free, spikes[t]), membranes[t])
                held = torch.where(spikes[t] > 0, self.refractory, (held - 1).clamp(min=0))
            t += 1
            if observe is not None:
                observe(NeuronStep(x, u, v_free, v, out, spikes is not None))
            return out

        return advance

    def _span(self) -> torch.Tensor:
        assert self.threshold is not None
        return (self.threshold - (self.initial if self.subtract is not None else self.reset)).abs().clamp(min=1e-12)
