"""Spiking layers in Norse's own neurons: stepping a population, normalisation that folds, and the form for the chip.

The neuron is Norse's ``LIFBox``: ``V += dt/τ (I - V)``, a spike where V exceeds the threshold, then V is 0. With
``dt/τ = 1/tau`` this is the discrete ``V += (-V + R I)/tau`` of the literature with R = 1 and reset to zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from norse.torch import LIFBoxCell, Lift
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters, lif_box_feed_forward_step
from torch import Tensor, nn

from neurotool.nn import ScheduledLIFBox

DT = 1e-3
"""Seconds per step; only the ratio to the membrane time constant matters to the network."""


@dataclass(frozen=True)
class Neuron:
    """A leaky integrate-and-fire neuron.

    Attributes:
        tau: Membrane time constant in steps.
        threshold: Potential above which it fires.
        slope: Slope of the sigmoid whose derivative stands in for that of the step function. Norse's ``tanh`` surrogate
            is ``1 - tanh(k x)**2``; with k = slope/2 it is ``4/slope`` times the derivative of that sigmoid, and with
            slope 4 exactly it.
    """

    tau: float = 2.0
    threshold: float = 1.0
    slope: float = 4.0

    def parameters(self) -> LIFBoxParameters:
        """The same in Norse's terms."""
        return LIFBoxParameters(
            tau_mem_inv=torch.tensor(1.0 / (self.tau * DT)),
            v_th=torch.tensor(self.threshold),
            method="tanh",
            alpha=self.slope / 2,
        )


def lif_step(current: Tensor, potential: Tensor, neuron: Neuron, threshold: float | Tensor) -> tuple[Tensor, Tensor]:
    """Advance a population by one step of Norse's ``LIFBox``.

    Args:
        current: Input of this step, ``[batch, neurons]``.
        potential: Membrane potential after the last step, same shape.
        neuron: Its constants.
        threshold: Threshold of this step, a number or ``[batch, 1]``.

    Returns:
        Spikes (0.0 or 1.0) and the new potential.
    """
    parameters = neuron.parameters()._replace(v_th=torch.as_tensor(threshold))
    spikes, state = lif_box_feed_forward_step(current, LIFBoxFeedForwardState(potential), parameters, DT)
    return spikes, state.v


def run_lif(currents: Tensor, neuron: Neuron, thresholds: Tensor | None = None) -> Tensor:
    """Run a population from rest over all steps.

    Args:
        currents: ``[time, batch, neurons]``.
        neuron: Its constants.
        thresholds: One threshold per step, or None for the neuron's own.

    Returns:
        Spikes ``[time, batch, neurons]``.
    """
    potential, raster = torch.zeros_like(currents[0]), []
    for step, current in enumerate(currents):
        threshold = neuron.threshold if thresholds is None else thresholds[step]
        spikes, potential = lif_step(current, potential, neuron, threshold)
        raster.append(spikes)
    return torch.stack(raster)


class StepNorm(nn.BatchNorm1d):
    """Batch normalisation with one set of statistics for all time steps, so that it folds into weights.

    Given a raster ``[time, batch, features]`` the statistics run over time and batch together, as in threshold-
    dependent batch normalisation (Zheng et al., "Going Deeper With Directly-Trained Larger Spiking Neural Networks",
    AAAI 2021, whose scale ``threshold`` is the initial gain here). Given one step ``[batch, features]``, over the
    batch.
    """

    def __init__(self, features: int, threshold: float = 1.0) -> None:
        super().__init__(features)
        nn.init.constant_(self.weight, threshold)

    def forward(self, input: Tensor) -> Tensor:  # torch's own name
        """Normalise ``[batch, features]`` or ``[time, batch, features]``."""
        return super().forward(input.flatten(0, -2)).view_as(input)


def fold(linear: nn.Linear, norm: StepNorm, gain: Tensor | float = 1.0) -> nn.Linear:
    """Return one linear layer that equals ``gain * norm(linear(x))`` with the running statistics of the norm.

    Args:
        linear: Layer with weights ``[out, in]``.
        norm: Normalisation behind it.
        gain: Factor per output or for all of them.
    """
    assert norm.running_var is not None and norm.running_mean is not None
    with torch.no_grad():
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps) * gain
        shift = norm.bias * gain - norm.running_mean * scale
        folded = nn.Linear(linear.in_features, linear.out_features).to(linear.weight.device)
        folded.weight.copy_(linear.weight * scale[:, None])
        folded.bias.copy_(shift if linear.bias is None else linear.bias * scale + shift)
    return folded


class Chain(nn.Module):
    """Populations one after another, in the form that ``neurotool convert`` takes.

    Args:
        layers: One folded linear layer in front of each population; None where its current comes from outside.
        neuron: Constants of all populations.
        thresholds: One threshold per step, with neurotool's ``ScheduledLIFBox``; None takes the neuron's own threshold
            with Norse's ``LIFBoxCell``.
    """

    def __init__(self, layers: Sequence[nn.Linear | None], neuron: Neuron, thresholds: Tensor | None = None) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Identity() if layer is None else layer for layer in layers)
        p = neuron.parameters()
        self.neurons = nn.ModuleList(
            Lift(LIFBoxCell(p, dt=DT)) if thresholds is None else ScheduledLIFBox(thresholds, p, DT) for _ in layers
        )

    def forward(self, values: Tensor) -> Tensor:
        """Spikes of the last population for a raster ``[time, batch, features]``."""
        for layer, neuron in zip(self.layers, self.neurons, strict=True):
            values, _ = neuron(layer(values))
        return values
