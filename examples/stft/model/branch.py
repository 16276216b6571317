"""The spiking branch of a modality (equations 5 to 9), and the weighing of its time steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from ...common.spiking import Neuron, StepNorm, lif_step, run_lif
from .options import ModelOptions
from .pooling import Form, GlobalLocalPooling, next_threshold


@dataclass(frozen=True, eq=False)
class Spiked:
    """What a branch did.

    Attributes:
        spikes: Output of the last block, ``[time, batch, width]``.
        rates: Mean firing rate of each block, a number each.
        thresholds: Threshold in each step, ``[time, batch, 1]``.
    """

    spikes: Tensor
    rates: list[Tensor]
    thresholds: Tensor


class Block(nn.Module):
    """Weights, normalisation and pooling in front of one population."""

    def __init__(self, inputs: int, options: ModelOptions, form: Form) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, options.width)
        layer = options.norm == "layer"
        self.norm = nn.LayerNorm(options.width) if layer else StepNorm(options.width, options.threshold_start)
        self.pool = GlobalLocalPooling(form)

    def normalised(self, values: Tensor) -> Tensor:
        """Normalised current of inputs ``[..., inputs]``, before pooling."""
        return self.norm(self.linear(values))  # type: ignore[no-any-return]  # modules are called untyped

    def forward(self, values: Tensor) -> Tensor:
        """Current into the neurons, ``[..., width]``."""
        return self.pool(self.normalised(values))  # type: ignore[no-any-return]


class SpikingBranch(nn.Module):
    """Blocks of weights and LIF neurons over the time steps.

    The features of a sequence are the input of their own step; one vector is held for all steps. With vectors in place
    of feature maps a convolution is a linear layer. Membranes and thresholds begin anew with every call.

    Args:
        inputs: Features of the modality.
        options: See :class:`ModelOptions`.
    """

    schedule: Tensor

    def __init__(self, inputs: int, options: ModelOptions) -> None:
        super().__init__()
        self.options = options
        self.neuron = Neuron(options.neuron_tau, options.threshold_start, options.slope)
        forms = [_form(options.glp, number) for number in range(options.blocks)]
        widths = [inputs] + [options.width] * (options.blocks - 1)
        self.blocks = nn.ModuleList(Block(w, options, form) for w, form in zip(widths, forms, strict=True))
        self.register_buffer("schedule", torch.full((options.steps,), options.threshold_start))

    def forward(self, values: Tensor) -> Spiked:
        """Run on ``[time, batch, features]``, or on ``[batch, features]`` held for all steps."""
        if values.dim() == 2:
            values = values.expand(self.options.steps, *values.shape)
        return self._dynamic(values) if self.options.threshold == "dynamic" else self._layerwise(values)

    def _layerwise(self, values: Tensor) -> Spiked:
        """Thresholds are known beforehand, so each block can run over all steps at once."""
        rates = []
        for block in self.blocks:
            values = run_lif(block(values), self.neuron, self.schedule)
            rates.append(values.detach().mean())
        return Spiked(values, rates, self.schedule[:, None, None].expand(-1, values.shape[1], 1))

    def _dynamic(self, values: Tensor) -> Spiked:
        """Each step decides the thresholds of the next, so the blocks run step by step."""
        first, *rest = blocks = cast("list[Block]", list(self.blocks))
        normalised = first.normalised(values)
        currents = first.pool(normalised)
        potentials = [torch.zeros_like(currents[0]) for _ in self.blocks]
        threshold = torch.full_like(currents[0, :, :1], self.neuron.threshold)
        rasters: list[list[Tensor]] = [[] for _ in self.blocks]
        thresholds = []
        for step, current in enumerate(currents):
            thresholds.append(threshold)
            spikes, potentials[0] = lif_step(current, potentials[0], self.neuron, threshold)
            rasters[0].append(spikes)
            inner = normalised[step]
            for number, block in enumerate(rest, 1):
                inner = block.normalised(spikes)
                spikes, potentials[number] = lif_step(block.pool(inner), potentials[number], self.neuron, threshold)
                rasters[number].append(spikes)
            threshold = next_threshold(threshold, spikes, blocks[-1].pool.pooled(inner).detach())
        stacked = [torch.stack(raster) for raster in rasters]
        return Spiked(stacked[-1], [raster.detach().mean() for raster in stacked], torch.stack(thresholds))


class TimeStepFactor(nn.Module):
    """Weighs the steps of a raster: ``s = sum_t f_t S[t]`` with ``f = softmax_t(score(S[t]))`` (equation 8)."""

    neurotool_whole: ClassVar[bool] = True
    dense_because: ClassVar[str] = "a softmax over time needs the whole raster"

    def __init__(self, width: int, steps: int, score: Literal["activity", "max", "mean", "uniform"]) -> None:
        super().__init__()
        self.score = score
        self.width = width
        self.bias = nn.Parameter(torch.zeros(steps, 1), requires_grad=score == "activity")

    def forward(self, spikes: Tensor) -> Tensor:
        """Read out ``[time, batch, width]`` as ``[batch, width]``."""
        return (self.weights(spikes)[..., None] * spikes).sum(0)

    def weights(self, spikes: Tensor) -> Tensor:
        """Weight of each step, ``[time, batch]``; they sum to 1 over time."""
        if self.score == "activity":
            scores = spikes.sum(-1) / self.width**0.5 + self.bias
        elif self.score == "max":
            scores = spikes.amax(-1)
        else:
            scores = spikes.mean(-1)
        return torch.softmax(torch.zeros_like(scores) if self.score == "uniform" else scores, 0)


def _form(glp: str, number: int) -> Form:
    """Pooling of a block: only the first one's input is known outside the chip."""
    if glp == "host":
        return "gate" if number == 0 else "gain"
    forms: dict[str, Form] = {"gate": "gate", "literal": "literal", "gain": "gain", "none": "none"}
    return forms[glp]
