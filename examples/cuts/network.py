"""The network: an encoder, two spiking branches of different width that meet in one population, and a dense head."""

from __future__ import annotations

import torch
from norse.torch import LIF, LIFParameters

from ..quickstart.data import STEPS

PIXELS, ENCODED, WIDE, NARROW, MERGED, READOUT, CLASSES = 64, 20, 96, 24, 48, 32, 10
TAU_MEMBRANE = 4e-3
TAU_SYNAPSE = 10e-3
# torch's default weights are drawn for dense activations; sparse spikes need larger ones to reach the threshold.
SPIKING_GAIN = 4.0


def _lif() -> LIF:
    parameters = LIFParameters(
        tau_syn_inv=torch.tensor(1.0 / TAU_SYNAPSE),
        tau_mem_inv=torch.tensor(1.0 / TAU_MEMBRANE),
        method="triangle",
        alpha=torch.tensor(1.0),
    )
    return LIF(p=parameters)


def _synapses(sources: int, targets: int) -> torch.nn.Linear:
    layer = torch.nn.Linear(sources, targets, bias=False)
    with torch.no_grad():
        layer.weight.mul_(SPIKING_GAIN)
    return layer


class BranchedNet(torch.nn.Module):
    """Spikes in, class scores out.

    Attributes:
        example_input: Silent input ``[time, batch, pixels]`` with which the network can be traced.
    """

    example_input: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.to_encoder, self.encoder = _synapses(PIXELS, ENCODED), _lif()
        self.to_wide, self.wide = _synapses(ENCODED, WIDE), _lif()
        self.to_narrow, self.narrow = _synapses(ENCODED, NARROW), _lif()
        self.from_wide, self.from_narrow = _synapses(WIDE, MERGED), _synapses(NARROW, MERGED)
        self.merged = _lif()
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

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        """Classify spikes ``[time, batch, pixels]``; returns scores ``[batch, classes]``."""
        return self.head(self.rates(spikes))  # type: ignore[no-any-return]  # modules are called untyped
