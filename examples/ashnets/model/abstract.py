"""From continuous to discrete latents: the spiking encoder, and what is compared with it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...common.spiking import Neuron, StepNorm, run_lif
from .config import Config


@dataclass(frozen=True, eq=False)
class Abstract:
    """Latents of the abstract encoder.

    Attributes:
        latent: E, ``[batch, token, width]``.
        rasters: Spikes of each layer ``[time, batch, token, width]``; empty without spikes.
        commitment: Loss that draws codes and what they stand for to each other; None without codes.
    """

    latent: Tensor
    rasters: tuple[Tensor, ...] = ()
    commitment: Tensor | None = None


class SpikingEncoder(nn.Module):
    """Linear-norm-LIF layers on every token by itself; a token is presented as a constant current for all steps.

    Args:
        config: Sizes, neuron and decoding.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, self.steps = config.width, config.steps
        # A LIF averages its input over tau steps: with a gain of tau in front a fifth of the units fires at the start.
        self.neuron = Neuron(tau=config.tau, threshold=config.threshold)
        self.mixer = SpikingMixer(config) if config.mixer == "spiking" else None
        self.linears = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(config.abstract_layers))
        self.norms = nn.ModuleList(
            StepNorm(width, config.threshold * config.tau) for _ in range(config.abstract_layers)
        )
        self.decode = config.decode
        self.importance = nn.Parameter(torch.zeros(config.steps)) if config.decode == "weighted" else None
        self.out = nn.Linear(width, width, bias=False)

    def rasters(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """Spikes of every layer for tokens ``[batch, token, width]``, from rest."""
        # What is constant over the steps is computed once.
        current = self.norms[0](self.linears[0](tokens)).expand(self.steps, *tokens.shape)
        found = [run_lif(current, self.neuron)]
        if self.mixer is not None:
            found.append(self.mixer(found[-1]))
        for linear, norm in zip(list(self.linears)[1:], list(self.norms)[1:], strict=True):
            found.append(run_lif(norm(linear(found[-1])), self.neuron))
        return tuple(found)

    def read(self, raster: Tensor) -> Tensor:
        """Decode the spikes of the last layer, ``[time, batch, token, width]``, into E."""
        if self.importance is not None:
            return self.out(torch.einsum("t,tbnd->bnd", self.importance.softmax(0), raster))  # type: ignore[no-any-return]
        if self.decode == "membrane":
            potential = torch.zeros_like(raster[0])
            for spikes in raster:
                potential = potential + (spikes - potential) / self.neuron.tau
            return self.out(potential)  # type: ignore[no-any-return]
        return self.out(raster.mean(0))  # type: ignore[no-any-return]  # modules are called untyped

    def forward(self, tokens: Tensor) -> Abstract:
        """Encode ``[batch, token, width]``."""
        rasters = self.rasters(tokens)
        return Abstract(self.read(rasters[-1]), rasters)


class SpikingMixer(nn.Module):
    """Attention of binary queries, keys and values without softmax (Zhou et al., Spikformer, ICLR 2023).

    Args:
        config: Width and neuron.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.neuron = Neuron(tau=config.tau, threshold=config.threshold)
        self.linears = nn.ModuleList(nn.Linear(config.width, config.width, bias=False) for _ in range(4))
        self.norms = nn.ModuleList(StepNorm(config.width, config.threshold * config.tau) for _ in range(4))
        self.scale = config.width**-0.5

    def forward(self, raster: Tensor) -> Tensor:
        """Mix the tokens of ``[time, batch, token, width]``."""
        made = [
            run_lif(norm(linear(raster)), self.neuron)
            for linear, norm in zip(self.linears[:3], self.norms, strict=False)
        ]
        query, key, value = made
        mixed = self.scale * query @ (key.transpose(-1, -2) @ value)
        return run_lif(self.norms[3](self.linears[3](mixed)), self.neuron)


class ReluEncoder(nn.Module):
    """The same layers with ReLU in place of LIF: as many parameters, continuous latents, one pass."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(config.abstract_layers):
            layers += [nn.Linear(config.width, config.width, bias=False), StepNorm(config.width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(config.width, config.width, bias=False))

    def forward(self, tokens: Tensor) -> Abstract:
        """Encode ``[batch, token, width]``."""
        return Abstract(self.layers(tokens))


class QuantisedEncoder(nn.Module):
    """Discrete latents without spikes: the nearest of ``width`` codes (van den Oord et al., VQ-VAE, NeurIPS 2017).

    The code book has the size of one linear layer and takes the place of the last one, so that the parameters are as
    many. Gradients pass straight through; codes and inputs are drawn to each other by a loss of
    their own.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(config.abstract_layers - 1):
            layers += [nn.Linear(config.width, config.width, bias=False), StepNorm(config.width), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])
        self.codes = nn.Parameter(torch.randn(config.width, config.width))
        self.out = nn.Linear(config.width, config.width, bias=False)

    def forward(self, tokens: Tensor) -> Abstract:
        """Encode ``[batch, token, width]``."""
        found = self.layers(tokens)
        nearest = torch.cdist(found.flatten(0, 1), self.codes).argmin(1)
        codes = self.codes[nearest].view_as(found)
        commitment = (codes - found.detach()).square().mean() + 0.25 * (codes.detach() - found).square().mean()
        return Abstract(self.out(found + (codes - found).detach()), commitment=commitment)


def abstract_encoder(config: Config) -> nn.Module | None:
    """Make what the configuration names."""
    kinds = {"spiking": SpikingEncoder, "ann": ReluEncoder, "quantised": QuantisedEncoder}
    return kinds[config.abstract](config) if config.abstract in kinds else None
