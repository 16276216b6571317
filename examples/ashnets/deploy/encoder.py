"""The trained encoder as a chip runs it: normalisation in the weights, the first current held for all steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from neurotool.errors import UsageError

from ...common.spiking import Chain, fold
from ..model.abstract import SpikingEncoder
from ..model.network import AshNet


class Deployed(nn.Module):
    """From tokens to latents.

    The first linear layer and its normalisation see the same token in every step: the host computes them once, and
    their current is held. Spikes are counted, and the host reads the counts.

    Args:
        network: A trained network whose abstract encoder spikes, does not mix tokens, and is read by rates.
        copies: Tokens that run beside each other, each on neurons of its own.

    Attributes:
        example_input: Tokens with which it can be traced.
    """

    def __init__(self, network: AshNet, copies: int = 1) -> None:
        super().__init__()
        found = network.abstract
        if not isinstance(found, SpikingEncoder) or found.mixer is not None or found.decode != "rate":
            raise UsageError(
                "the abstract encoder has no form on a chip",
                hint="set model.abstract=spiking, model.mixer=none and model.decode=rate",
            )
        width = network.config.width
        layers = zip(found.linears, found.norms, strict=True)
        linears = [fold(linear, norm) for linear, norm in layers]  # type: ignore[arg-type]  # a list of modules
        first, *rest = [linear if copies == 1 else repeated(linear, copies) for linear in linears]
        self.steps = found.steps
        self.enter = first
        self.chain = Chain([None, *rest], found.neuron)
        self.out = nn.Linear(width * copies, width * copies, bias=False)
        with torch.no_grad():
            self.out.weight.copy_(blocks(found.out.weight, copies))
        self.example_input = torch.randn(4, width * copies, generator=torch.Generator().manual_seed(0))
        self.requires_grad_(requires_grad=False)
        self.eval()

    def forward(self, tokens: Tensor) -> Tensor:
        """Latents ``[batch, features]`` of tokens of the same shape; copies lie one behind another."""
        current = self.enter(tokens).unsqueeze(0).expand(self.steps, -1, -1)
        return self.out(self.chain(current).mean(0))  # type: ignore[no-any-return]  # modules are called untyped


def repeated(linear: nn.Linear, copies: int) -> nn.Linear:
    """The same layer for several vectors beside each other, without synapses between them."""
    many = nn.Linear(linear.in_features * copies, linear.out_features * copies)
    with torch.no_grad():
        many.weight.copy_(blocks(linear.weight, copies))
        many.bias.copy_(linear.bias.repeat(copies))
    return many


def blocks(weight: Tensor, copies: int) -> Tensor:
    """A matrix along the diagonal of a larger one, over and over."""
    return torch.block_diag(*[weight] * copies)  # type: ignore[no-untyped-call, no-any-return]  # untyped in torch
