"""The spike as a function with a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class SuperSpike(torch.autograd.Function):
    """Step function whose backward pass uses the derivative of a fast sigmoid.

    Forward: 1 where the distance to threshold x is above 0, or is 0 and that counts, otherwise 0. Backward:
    ``1 / (1 + |x|)**2``, the surrogate of Zenke and Ganguli, "SuperSpike: Supervised Learning in Multilayer Spiking
    Neural Networks", Neural Computation 30 (2018), section 3.3.2, with steepness β = 1. Norse 1.1 uses the same
    gradient whatever its ``alpha``.
    """

    @staticmethod
    def forward(ctx: Any, distance: torch.Tensor, inclusive: bool) -> torch.Tensor:
        """Fire where ``distance`` (potential minus threshold, any shape) is above zero, or zero and ``inclusive``."""
        ctx.save_for_backward(distance)
        return (distance >= 0 if inclusive else distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Gradient with respect to the distance."""
        (distance,) = ctx.saved_tensors
        slope: torch.Tensor = 1.0 / (1.0 + distance.abs()) ** 2
        return grad_outputs[0] * slope, None


def spike(distance: torch.Tensor, *, inclusive: bool = False) -> torch.Tensor:
    """Apply :class:`SuperSpike`: 0 or 1 in the number type of ``distance``."""
    apply: Callable[[torch.Tensor, bool], torch.Tensor] = SuperSpike.apply
    return apply(distance, inclusive)
