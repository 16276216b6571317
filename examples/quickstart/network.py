"""The network: two layers of current-based LIF neurons in Norse, then a dense read-out in torch."""

from __future__ import annotations

import torch
from norse.torch import LIF, LIFParameters, Lift, SequentialState

from .data import STEPS

PIXELS, HIDDEN, FEATURES, READOUT, CLASSES = 64, 128, 64, 32, 10
TAU_MEMBRANE = 4e-3
TAU_SYNAPSE = 10e-3
# torch's default weights are drawn for dense activations; sparse spikes need larger ones to reach the threshold.
SPIKING_GAIN = 4.0


def lif() -> LIF:
    """A population of the example's neurons."""
    parameters = LIFParameters(
        tau_syn_inv=torch.tensor(1.0 / TAU_SYNAPSE),
        tau_mem_inv=torch.tensor(1.0 / TAU_MEMBRANE),
        method="triangle",  # surrogate gradient; the forward pass is a step function all the same
        alpha=torch.tensor(1.0),
    )
    return LIF(p=parameters)


class RateNet(torch.nn.Module):
    """Spikes in, class scores out.

    The spiking branch is what a neuromorphic chip runs. The head sees only the mean firing rate of its last layer.

    Attributes:
        head: Dense layers behind the rates.
        example_input: Silent input ``[time, batch, pixels]`` with which the network can be traced.
    """

    head: torch.nn.Sequential
    example_input: torch.Tensor

    def rates(self, spikes: torch.Tensor) -> torch.Tensor:
        """Mean firing rate per step of the last spiking layer, ``[batch, features]``."""
        raise NotImplementedError

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        """Classify spikes ``[time, batch, pixels]``; returns scores ``[batch, classes]``."""
        return self.head(self.rates(spikes))  # type: ignore[no-any-return]  # modules are called untyped


class HybridNet(RateNet):
    """The network of the quickstart: two spiking layers, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.spiking = SequentialState(
            Lift(torch.nn.Linear(PIXELS, HIDDEN)), lif(), Lift(torch.nn.Linear(HIDDEN, FEATURES)), lif()
        )
        self.head = torch.nn.Sequential(
            torch.nn.Linear(FEATURES, READOUT), torch.nn.ReLU(), torch.nn.Linear(READOUT, CLASSES)
        )
        self.register_buffer("example_input", torch.zeros(STEPS, 2, PIXELS), persistent=False)
        with torch.no_grad():
            for layer in (self.spiking[0].lifted_module, self.spiking[2].lifted_module):
                layer.weight.mul_(SPIKING_GAIN)
                layer.bias.zero_()

    def rates(self, spikes: torch.Tensor) -> torch.Tensor:
        """Mean firing rate per step of the last spiking layer, ``[batch, features]``."""
        raster, _ = self.spiking(spikes)
        return raster.mean(0)  # type: ignore[no-any-return]  # Norse is untyped
