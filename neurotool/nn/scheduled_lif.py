"""A leaky integrate-and-fire population whose threshold follows a table over the time steps of a sample."""

from __future__ import annotations

from typing import ClassVar

import torch
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters, lif_box_feed_forward_step
from torch import Tensor, nn


class ScheduledLIFBox(nn.Module):
    """Norse's ``LIFBox`` neuron, ``v += dt/tau (x + v_leak - v)``, with a threshold for each of the first steps.

    Step r of a sample compares with ``schedule[r]``; after the table its last entry stays. On a chip the table has 16
    entries at most (neuron model ``lif_schedule``).

    Args:
        schedule: Thresholds ``[rows]``, the same for all neurons, or ``[rows, *shape]``.
        parameters: Norse's parameters; their threshold is not used.
        dt: Length of a time step in seconds.
        learned: Whether the schedule is trained.
    """

    neurotool_neuron: ClassVar[str] = "scheduled_lif_box"
    """Tells the converter which equation this is."""

    def __init__(
        self, schedule: Tensor, parameters: LIFBoxParameters, dt: float = 1e-3, *, learned: bool = False
    ) -> None:
        super().__init__()
        self.p, self.dt = parameters, dt
        self.schedule = nn.Parameter(torch.as_tensor(schedule, dtype=torch.float32).clone(), requires_grad=learned)

    def forward(
        self, raster: Tensor, state: LIFBoxFeedForwardState | None = None
    ) -> tuple[Tensor, LIFBoxFeedForwardState]:
        """Run over ``[time, batch, *shape]``; a sample begins with the first step.

        Returns:
            Spikes in the same shape, and the state after the last step.
        """
        now = LIFBoxFeedForwardState(self.p.v_leak.expand_as(raster[0])) if state is None else state
        spikes = []
        for row, current in enumerate(raster):
            threshold = self.schedule[min(row, len(self.schedule) - 1)]
            fired, now = lif_box_feed_forward_step(current, now, self.p._replace(v_th=threshold), self.dt)
            spikes.append(fired)
        return torch.stack(spikes), now
