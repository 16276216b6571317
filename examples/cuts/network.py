"""The network: an encoder, two spiking branches of different width that meet in one population, and a dense head."""

from __future__ import annotations

import torch

from ..quickstart.data import STEPS
from ..quickstart.network import CLASSES, PIXELS, READOUT, SPIKING_GAIN, RateNet, lif

ENCODED, WIDE, NARROW, MERGED = 20, 96, 24, 48


def _synapses(sources: int, targets: int) -> torch.nn.Linear:
    layer = torch.nn.Linear(sources, targets, bias=False)
    with torch.no_grad():
        layer.weight.mul_(SPIKING_GAIN)
    return layer


class BranchedNet(RateNet):
    """A network whose wide and narrow branch may go to different sides of a cut."""

    def __init__(self) -> None:
        super().__init__()
        self.to_encoder, self.encoder = _synapses(PIXELS, ENCODED), lif()
        self.to_wide, self.wide = _synapses(ENCODED, WIDE), lif()
        self.to_narrow, self.narrow = _synapses(ENCODED, NARROW), lif()
        self.from_wide, self.from_narrow = _synapses(WIDE, MERGED), _synapses(NARROW, MERGED)
        self.merged = lif()
        self.head = torch.nn.Sequential(
            torch.nn.Linear(MERGED, READOUT), torch.nn.ReLU(), torch.nn.Linear(READOUT, CLASSES)
        )
        self.register_buffer("example_input", torch.zeros(STEPS, 2, PIXELS), persistent=False)

    def rates(self, spikes: torch.Tensor) -> torch.Tensor:
        """Mean firing rate per step of the population in which the branches meet, ``[batch, merged]``."""
        encoded, _ = self.encoder(self.to_encoder(spikes))
        wide, _ = self.wide(self.to_wide(encoded))
        narrow, _ = self.narrow(self.to_narrow(encoded))
        merged, _ = self.merged(self.from_wide(wide) + self.from_narrow(narrow))
        return merged.mean(0)  # type: ignore[no-any-return]  # Norse is untyped
