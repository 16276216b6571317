"""Global-local pooling in front of the membrane, and what the dynamic threshold takes from it (equations 7 and 9)."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

Form = Literal["gate", "literal", "gain", "none"]

LEAST, MOST = 0.25, 2.0
"""Bounds of the dynamic threshold."""

MEMORY = 0.5
"""Share of the old threshold that stays from step to step."""


class GlobalLocalPooling(nn.Module):
    """Scales the current of a population by what its strongest and its average input say together.

    ``P = (max + mean)/2 + beta max + (1 - beta) mean`` over the neurons, beta learned in 0..1.

    Args:
        form: See ``ModelOptions.glp``; ``gain`` is a learned constant in place of the data-dependent factor.
    """

    neurotool_whole: ClassVar[bool] = True
    dense_because: ClassVar[str] = "the maximum over a population has no place on a chip"

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form
        self.balance = nn.Parameter(torch.zeros(()))  # beta = sigmoid(0) = 1/2
        # As a gate at rest: 1 + sigmoid(P) with P near 2 for normalised currents of a few hundred neurons.
        self.gain = nn.Parameter(torch.tensor(1.9 if form == "gain" else 1.0), requires_grad=form == "gain")

    def pooled(self, current: Tensor) -> Tensor:
        """P of currents ``[..., neurons]``, as ``[..., 1]``."""
        most, mean = current.amax(-1, keepdim=True), current.mean(-1, keepdim=True)
        beta = torch.sigmoid(self.balance)
        return (0.5 + beta) * most + (1.5 - beta) * mean

    def forward(self, current: Tensor) -> Tensor:
        """Scale currents ``[..., neurons]``."""
        if self.form == "none":
            return current
        if self.form == "gain":
            return self.gain * current
        pooled = self.pooled(current)
        if self.form == "literal":
            return torch.sigmoid(pooled * current + current)
        return torch.addcmul(current, current, torch.sigmoid(pooled))  # (1 + sigmoid(P)) I


@torch.no_grad()
def next_threshold(threshold: Tensor, spikes: Tensor, pooled: Tensor) -> Tensor:
    """Threshold of the next step: higher where the output carries more information, so that noise is suppressed.

    ``H = -(r log2 r + (1 - r) log2 (1 - r))`` is the entropy of a neuron that fires with the mean rate r of this step;
    the threshold moves half way to ``clamp(sigmoid(P)/2 + H, 0.25, 2)``. Each sample has its own.

    Args:
        threshold: Of this step, ``[batch, 1]``.
        spikes: Output of the last block in this step, ``[batch, neurons]``.
        pooled: P of the last block, ``[batch, 1]``.
    """
    rate = spikes.mean(-1, keepdim=True)
    entropy = (torch.special.entr(rate) + torch.special.entr(1 - rate)) / math.log(2)
    target: Tensor = (0.5 * torch.sigmoid(pooled) + entropy).clamp(LEAST, MOST)
    return torch.lerp(target, threshold, MEMORY)
