"""A network whose neurons follow a threshold schedule."""

from __future__ import annotations

import torch
from norse.torch import Lift, SequentialState
from norse.torch.functional.lif_box import LIFBoxParameters

from neurotool.nn import ScheduledLIFBox

HALF = LIFBoxParameters(tau_mem_inv=torch.tensor(500.0))


class Scheduled(torch.nn.Module):
    """Six inputs, five neurons."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = SequentialState(
            Lift(torch.nn.Linear(6, 5, bias=False)), ScheduledLIFBox(torch.tensor([0.2, 0.9, 0.5]), HALF)
        )
        self.register_buffer("example_input", torch.zeros(6, 2, 6), persistent=False)

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        return self.layers(spikes)[0]
