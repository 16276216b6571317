"""Networks of spikingjelly 2.0, exported by ``spikingjelly.activation_based.nir_exchange``."""

from __future__ import annotations

from functools import partial
from typing import Any

import nir
import torch
from fixture import Case, Recorded, Refusal, conv, generate, linear
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir
from torch import nn

DT = 1e-4
MAKERS = {
    "if": partial(neuron.IFNode, v_threshold=1.0, v_reset=0.0),
    "if-negative-reset": partial(neuron.IFNode, v_threshold=0.9, v_reset=-0.3),
    "lif": partial(neuron.LIFNode, tau=2.5, v_threshold=0.6, v_reset=0.0, decay_input=True),
    "lif-negative-reset": partial(neuron.LIFNode, tau=2.2, v_threshold=0.4, v_reset=-0.2, decay_input=True),
    "lif-whole-input": partial(neuron.LIFNode, tau=4.0, v_threshold=1.2, v_reset=0.0, decay_input=False),
    "plif": partial(neuron.ParametricLIFNode, init_tau=2.2, v_threshold=0.6, v_reset=0.0),
    "cubalif": partial(neuron.CUBALIFNode, c_decay=0.4, v_decay=0.6, v_threshold=1.7, v_reset=0.0),
}


def two(kind: str, bias: bool) -> nn.Module:
    """Make two dense layers."""
    make = MAKERS[kind]
    return nn.Sequential(linear(12, 16, bias), make(), linear(16, 8, bias), make())


def pooled(kind: str, bias: bool) -> nn.Module:
    """Make two convolutions with pooling, and a dense layer."""
    make, gain = MAKERS[kind], 0.8 if kind == "if" else 1.4
    return nn.Sequential(conv(nn.Conv2d, 2, 4, 3, bias=bias, padding=1), make(), nn.AvgPool2d(2),
                         conv(nn.Conv2d, 4, 4, 2, bias=bias, gain=1.2), make(), nn.Flatten(), linear(16, 6, bias, gain),
                         make())  # fmt: skip


def one_row() -> nn.Module:
    """Make a convolution over one axis, and a dense layer."""
    return nn.Sequential(conv(nn.Conv1d, 2, 4, 3, bias=True, stride=2, dilation=2, padding=1), MAKERS["lif"](),
                         nn.Flatten(), linear(24, 6, True), MAKERS["lif"]())  # fmt: skip


def cases() -> list[Case]:
    """Return the networks."""
    known: dict[str, Any] = {"reset": "to value", "convention": "spikingjelly", "dt": DT}
    found = [
        Case(name=f"{kind}-{'bias' if bias else 'no-bias'}", shows=f"two layers of {make.func.__name__}"
             + (f", v_reset {make.keywords['v_reset']}" if make.keywords.get("v_reset") else "")
             + (", decay_input=False" if make.keywords.get("decay_input") is False else ""),
             make=partial(two, kind, bias), bias=bias, **known)
        for kind, make in MAKERS.items()
        for bias in (True, False)
    ]  # fmt: skip
    return [
        *found,
        Case(name="conv-if", shows="Conv2d with padding, AvgPool2d, Conv2d, Flatten", shape=(2, 6, 6),
             make=partial(pooled, "if", True), wiring="convolutional", bias=True, **known),
        Case(name="conv-lif", shows="Conv2d with padding, AvgPool2d, Conv2d, Flatten", shape=(2, 6, 6),
             make=partial(pooled, "lif", False), wiring="convolutional", bias=False, **known),
        Case(name="conv-cubalif", shows="Conv2d with stride 2", shape=(2, 9, 9),
             make=lambda: nn.Sequential(conv(nn.Conv2d, 2, 4, 3, bias=False, stride=2), MAKERS["cubalif"](),
                                        nn.Flatten(), linear(64, 6, False, 0.5), MAKERS["cubalif"]()),
             wiring="convolutional", bias=False, **known),
        Case(name="conv1d-lif", shows="Conv1d with stride, dilation and padding", shape=(2, 13), make=one_row,
             wiring="convolutional", bias=True, **known),
        Case(name="if-current", shows="IFNode fed with a float current", current=True, bias=True,
             make=lambda: nn.Sequential(linear(12, 16, True), MAKERS["if"]()), **known),
    ]  # fmt: skip


REFUSALS = (
    Refusal("soft-reset", "LIFNode with v_reset=None (reset by subtraction)", lambda: nn.Sequential(
        linear(12, 8, True), neuron.LIFNode(v_reset=None)),
        why="the exporter writes hard resets alone, since a file does not tell which it is"),
    Refusal("grouped", "Conv2d with 2 groups", lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3, groups=2), neuron.IFNode()), (2, 6, 6),
        "the exporter refuses groups, which NIR has"),
    Refusal("recurrent", "LinearRecurrentContainer", lambda: nn.Sequential(
        linear(12, 8, True), layer.LinearRecurrentContainer(neuron.IFNode(), 8, 8)),
        why="torch.fx cannot follow the loop in the container"),
    Refusal("max-pooling", "MaxPool2d", lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3), neuron.IFNode(), nn.MaxPool2d(2)), (2, 6, 6)),
)  # fmt: skip


def run(net: nn.Module, x: torch.Tensor) -> Recorded:
    """Run step by step; the potential is the one after the reset, as the layers keep no other.

    The exporter puts an underscore before names that are numbers.
    """
    layers = {name: module for name, module in net.named_children() if isinstance(module, neuron.BaseNode)}
    rows: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {name: [] for name in layers}
    hooks = [
        module.register_forward_hook(lambda module, _, spikes, name=name: rows[name].append((spikes, module.v)))
        for name, module in layers.items()
    ]
    functional.reset_net(net)
    for row in x:
        net(row)
    functional.reset_net(net)
    for hook in hooks:
        hook.remove()
    found = {}
    for name, steps in rows.items():
        spikes, potentials = (torch.stack(part) for part in zip(*steps, strict=True))
        found[f"_{name}"] = (spikes, potentials)
    return found


def export(net: nn.Module, sample: torch.Tensor, _: object) -> nir.NIRGraph:
    """Export as spikingjelly's users do."""
    return export_to_nir(net, sample, dt=DT)


if __name__ == "__main__":
    generate("spikingjelly", ("spikingjelly", "nir", "nirtorch", "torch"), cases(), REFUSALS, run, export)
