"""Networks of snnTorch 1.0, exported by ``snntorch.export_nir``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import nir
import snntorch as snn
import torch
from fixture import Case, Recorded, Refusal, conv, generate, linear, uniform
from snntorch.export_nir import export_to_nir
from torch import nn

CLASSES = (snn.Leaky, snn.RLeaky, snn.Synaptic, snn.RSynaptic)


def leaky(n: int, reset: str, **options: Any) -> nn.Module:
    """Make leaky neurons, each with its own decay and threshold."""
    return snn.Leaky(beta=uniform(0.5, 0.95, n), threshold=uniform(0.8, 1.2, n), reset_mechanism=reset,
                     init_hidden=True, **options)  # fmt: skip


def synaptic(n: int, reset: str) -> nn.Module:
    """Make leaky neurons with a synaptic current."""
    return snn.Synaptic(alpha=uniform(0.3, 0.7, n), beta=uniform(0.5, 0.9, n), threshold=uniform(0.8, 1.2, n),
                        reset_mechanism=reset, init_hidden=True)  # fmt: skip


def recurrent(module: Any, bias: bool) -> nn.Module:
    """Draw the recurrent weights."""
    nn.init.uniform_(module.recurrent.weight, -0.25, 0.25)
    if bias:
        nn.init.uniform_(module.recurrent.bias, -0.1, 0.2)
    else:
        outputs, inputs = module.recurrent.weight.shape
        module.recurrent = nn.Linear(inputs, outputs, bias=False)
        nn.init.uniform_(module.recurrent.weight, -0.25, 0.25)
    return module


def rleaky(n: int, reset: str, bias: bool) -> nn.Module:
    """Make leaky neurons that are connected to each other."""
    made = snn.RLeaky(beta=uniform(0.5, 0.9, n), threshold=uniform(0.8, 1.2, n), linear_features=n,
                      reset_mechanism=reset, init_hidden=True)  # fmt: skip
    return recurrent(made, bias)


def rsynaptic(n: int, reset: str, bias: bool) -> nn.Module:
    """Make leaky neurons with a synaptic current that are connected to each other."""
    made = snn.RSynaptic(alpha=uniform(0.3, 0.7, n), beta=uniform(0.5, 0.9, n), threshold=uniform(0.8, 1.2, n),
                         linear_features=n, reset_mechanism=reset, init_hidden=True)  # fmt: skip
    return recurrent(made, bias)


def one_to_one(n: int, reset: str) -> nn.Module:
    """Make leaky neurons that are each connected to themselves."""
    return snn.RLeaky(beta=uniform(0.5, 0.9, n), V=uniform(-0.5, 0.5, n), all_to_all=False, reset_mechanism=reset,
                      init_hidden=True)  # fmt: skip


def two(make: Callable[..., nn.Module], reset: str, bias: bool, gain: float) -> nn.Module:
    """Make two dense layers."""
    return nn.Sequential(linear(12, 16, bias, gain), make(16, reset), linear(16, 8, bias, 0.7 * gain), make(8, reset))


def themselves(reset: str) -> nn.Module:
    """Make a dense layer onto neurons that are each connected to themselves."""
    return nn.Sequential(linear(12, 16, True), one_to_one(16, reset))


def loop(make: Callable[..., nn.Module], reset: str, bias: bool, gain: float) -> nn.Module:
    """Make a recurrent layer and a dense one."""
    return nn.Sequential(linear(12, 16, bias, gain), make(16, reset, bias), linear(16, 8, bias, gain),
                         leaky(8, reset))  # fmt: skip


def sheet(reset: str, channels: int, size: int) -> nn.Module:
    """Make leaky neurons behind a convolution."""
    return snn.Leaky(beta=uniform(0.5, 0.9, channels, size, size), threshold=torch.ones(channels, size, size),
                     reset_mechanism=reset, init_hidden=True)  # fmt: skip


def convolutional(reset: str, bias: bool) -> nn.Module:
    """Make a convolution with pooling, and a dense layer."""
    return nn.Sequential(conv(nn.Conv2d, 2, 4, 3, bias=bias, padding=1), sheet(reset, 4, 6), nn.AvgPool2d(2),
                         nn.Flatten(), linear(36, 6, bias, 1.2), leaky(6, reset))  # fmt: skip


def strided(reset: str) -> nn.Module:
    """Make two convolutions with stride and groups, and a dense layer."""
    return nn.Sequential(conv(nn.Conv2d, 2, 4, 3, bias=False, stride=2, padding=1), sheet(reset, 4, 4),
                         conv(nn.Conv2d, 4, 4, 3, bias=False, groups=2), sheet(reset, 4, 2), nn.Flatten(),
                         linear(16, 6, False), leaky(6, reset))  # fmt: skip


def cases() -> list[Case]:
    """Return the networks."""
    found = []
    for reset in ("subtract", "zero"):
        known: dict[str, Any] = {"reset": reset, "convention": f"snntorch-{reset}", "dt": 1e-4}
        for bias in (True, False):
            biased = "bias" if bias else "no-bias"
            for kind, gain in ((leaky, 1.0), (synaptic, 0.6)):
                name, shown = f"{kind.__name__}-{reset}-{biased}", f"two layers of {kind.__name__.title()}"
                found.append(Case(name=name, shows=shown, make=partial(two, kind, reset, bias, gain), bias=bias,
                                  **known))  # fmt: skip
            looped: Callable[..., nn.Module]
            for looped, shown, gain in ((rleaky, "RLeaky", 0.8), (rsynaptic, "RSynaptic", 0.5)):
                name = f"{looped.__name__}-{reset}-{biased}"
                found.append(Case(name=name, shows=f"{shown}, then Leaky", wiring="recurrent", bias=bias,
                                  make=partial(loop, looped, reset, bias, gain), **known))  # fmt: skip
        found += [
            Case(name=f"one-to-one-{reset}", shows="RLeaky with all_to_all=False: one weight per neuron",
                 make=partial(themselves, reset),
                 wiring="recurrent", bias=True, **known),
            Case(name=f"conv-{reset}", shows="Conv2d with padding, AvgPool2d, Flatten", shape=(2, 6, 6),
                 make=partial(convolutional, reset, True), wiring="convolutional", bias=True, **known),
            Case(name=f"conv-strided-{reset}", shows="Conv2d with stride 2, Conv2d with 2 groups", shape=(2, 8, 8),
                 make=partial(strided, reset), wiring="convolutional", bias=False, **known),
        ]  # fmt: skip
    found += [
        Case(name="leaky-current", shows="Leaky fed with a float current", current=True, bias=True, reset="subtract",
             make=lambda: nn.Sequential(linear(12, 16, True), leaky(16, "subtract")),
             convention="snntorch-subtract", dt=1e-4),
        Case(name="leaky-zero-at-once", shows="Leaky with reset_delay=False", bias=True, reset="zero",
             make=lambda: nn.Sequential(linear(12, 16, True), leaky(16, "zero", reset_delay=False)),
             convention="forward-euler", dt=1e-4),
        Case(name="leaky-subtract-at-once", shows="Leaky with reset_delay=False, potentials below twice the threshold",
             make=lambda: nn.Sequential(linear(12, 16, True, 0.5), leaky(16, "subtract", reset_delay=False)),
             bias=True, reset="subtract", convention="forward-euler-subtract", dt=1e-4),
        Case(name="leaky-subtract-twice", shows="Leaky with reset_delay=False, potentials above twice the threshold",
             make=lambda: nn.Sequential(linear(12, 16, True), leaky(16, "subtract", reset_delay=False)),
             bias=True, reset="subtract", convention="forward-euler-subtract", dt=1e-4,
             lost="that a potential still above the threshold loses it again in the next step, without a spike"),
        Case(name="leaky-no-reset", shows='Leaky with reset_mechanism="none"', bias=True, reset="none",
             make=lambda: nn.Sequential(linear(12, 16, True), leaky(16, "none")),
             convention="snntorch-subtract", dt=1e-4,
             lost="that there is no reset: a neuron of NIR always has one"),
    ]  # fmt: skip
    return found


REFUSALS = (
    Refusal("conv-recurrent", "RLeaky with recurrent Conv2d", lambda: nn.Sequential(
        nn.Conv2d(2, 2, 3, padding=1),
        snn.RLeaky(beta=0.9, conv2d_channels=2, kernel_size=3, init_hidden=True)), (2, 6, 6),
        "the exporter takes the channels for the number of neurons"),
    Refusal("lapicque", "Lapicque", lambda: nn.Sequential(linear(12, 8, True), snn.Lapicque(
        beta=0.9, init_hidden=True))),
    Refusal("alpha", "Alpha", lambda: nn.Sequential(linear(12, 8, True), snn.Alpha(
        alpha=0.9, beta=0.8, init_hidden=True))),
    Refusal("max-pooling", "MaxPool2d", lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3), sheet("zero", 4, 4), nn.MaxPool2d(2)), (2, 6, 6)),
)  # fmt: skip


def run(net: nn.Module, x: torch.Tensor) -> Recorded:
    """Run step by step; the potential is the one that the layer compared with its threshold."""
    layers = {name: module for name, module in net.named_children() if isinstance(module, CLASSES)}
    rows: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {name: [] for name in layers}
    for name, module in layers.items():
        module.register_forward_hook(lambda module, _, spikes, name=name: rows[name].append((spikes, module.mem)))
    _reset(net)
    for row in x:
        net(row)
    _reset(net)
    found = {}
    for name, steps in rows.items():
        spikes, potentials = (torch.stack(part) for part in zip(*steps, strict=True))
        node = f"{name}.lif" if isinstance(layers[name], (snn.RLeaky, snn.RSynaptic)) else name
        found[node] = (spikes, potentials)
    return found


def _reset(net: nn.Module) -> None:
    for module in net.children():
        if isinstance(module, CLASSES):
            module.reset_mem()


def export(net: nn.Module, sample: torch.Tensor, _: object) -> nir.NIRGraph:
    """Export as snnTorch's users do."""
    return export_to_nir(net, sample, ignore_dims=[0])


if __name__ == "__main__":
    generate("snntorch", ("snntorch", "nir", "nirtorch", "torch"), cases(), REFUSALS, run, export)
