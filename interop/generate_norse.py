"""Networks of Norse 1.1, exported by ``norse.torch.utils.export_nir``.

The exporter writes a time constant as ``dt / tau_mem_inv``. Asked for ``dt=1`` it writes seconds, and the file is read
with the 1 ms that Norse's cells step. An integrate-and-fire neuron has no step of its own, so its files count in steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import nir
import torch
from fixture import Case, Recorded, Refusal, conv, generate, linear, uniform
from norse.torch import (
    IAFCell,
    LIBoxCell,
    LIBoxParameters,
    LIFBoxCell,
    LIFBoxParameters,
    LIFCell,
    LIFParameters,
    LIFRecurrentCell,
    LIFRefracCell,
    SequentialState,
)
from norse.torch.functional.iaf import IAFParameters
from norse.torch.functional.reset import reset_subtract, reset_value
from norse.torch.utils.export_nir import to_nir
from torch import nn

DT = 1e-3
RESETS = {"value": reset_value, "subtract": reset_subtract}


def lif(*shape: int, reset: str = "value", leak: float = 0.0, v_reset: float = 0.0) -> nn.Module:
    """Make leaky neurons, each with its own time constant and threshold."""
    return LIFBoxCell(LIFBoxParameters(
        tau_mem_inv=uniform(200.0, 500.0, *shape), v_th=uniform(0.4, 0.7, *shape), v_leak=torch.full(shape, leak),
        v_reset=torch.full(shape, v_reset), reset_method=RESETS[reset]))  # fmt: skip


def cuba(*shape: int) -> nn.Module:
    """Make leaky neurons with a synaptic current."""
    return LIFCell(LIFParameters(
        tau_syn_inv=uniform(300.0, 600.0, *shape), tau_mem_inv=uniform(200.0, 500.0, *shape),
        v_th=uniform(0.8, 1.2, *shape), v_leak=torch.zeros(shape), v_reset=torch.zeros(shape)))  # fmt: skip


def iaf(*shape: int) -> nn.Module:
    """Make neurons without a leak."""
    return IAFCell(IAFParameters(v_th=uniform(0.8, 1.2, *shape), v_reset=torch.zeros(shape)))


def li(*shape: int) -> nn.Module:
    """Make a read-out."""
    return LIBoxCell(LIBoxParameters(tau_mem_inv=uniform(100.0, 300.0, *shape), v_leak=torch.zeros(shape)))


def two(make: Callable[..., nn.Module], bias: bool) -> nn.Module:
    """Make two dense layers."""
    return SequentialState(linear(12, 16, bias), make(16), linear(16, 8, bias), make(8))


def convolutional(make: Callable[..., nn.Module], stride: int) -> nn.Module:
    """Make two convolutions."""
    size = 6 // stride
    first = conv(nn.Conv2d, 2, 4, 3, bias=True, stride=stride, padding=1), make(4, size, size)
    second = conv(nn.Conv2d, 4, 4, 3, bias=True, gain=1.5), make(4, size - 2, size - 2)
    return SequentialState(*first, *second)


def cases() -> list[Case]:
    """Return the networks."""
    value: dict[str, Any] = {"reset": "to value", "convention": "norse", "dt": DT}
    subtract: dict[str, Any] = {"reset": "subtract", "convention": "forward-euler-subtract", "dt": DT}
    found = []
    for bias in (True, False):
        biased = "bias" if bias else "no-bias"
        found += [
            Case(name=f"lif-value-{biased}", shows="two layers of LIFBoxCell", make=partial(two, lif, bias),
                 bias=bias, **value),
            Case(name=f"lif-subtract-{biased}", shows="LIFBoxCell with reset_subtract", bias=bias, **subtract,
                 make=partial(two, partial(lif, reset="subtract"), bias)),
            Case(name=f"lif-leak-{biased}", shows="LIFBoxCell with v_leak 0.2, where v starts", bias=bias, **value,
                 make=partial(two, partial(lif, leak=0.2), bias)),
            Case(name=f"iaf-{biased}", shows="two layers of IAFCell", make=partial(two, iaf, bias), bias=bias,
                 **value | {"dt": 1.0}),
        ]  # fmt: skip
    return [
        *found,
        Case(name="conv-value", shows="Conv2d with padding, Conv2d", shape=(2, 6, 6), bias=True,
             make=partial(convolutional, lif, 1), wiring="convolutional", **value),
        Case(name="conv-subtract", shows="Conv2d with padding, Conv2d", shape=(2, 6, 6), bias=True,
             make=partial(convolutional, partial(lif, reset="subtract"), 1), wiring="convolutional", **subtract),
        Case(name="conv-iaf", shows="Conv2d with stride 2 and padding, Conv2d", shape=(2, 6, 6), bias=True,
             make=partial(convolutional, iaf, 2), wiring="convolutional", **value | {"dt": 1.0}),
        Case(name="readout", shows="LIFBoxCell, then LIBoxCell as read-out", bias=True, **value,
             make=lambda: SequentialState(linear(12, 16, True), lif(16), linear(16, 6, True), li(6))),
        Case(name="lif-current", shows="LIFBoxCell fed with a float current", bias=True, current=True, **value,
             make=lambda: SequentialState(linear(12, 16, True, 2.0), lif(16))),
        Case(name="reset-potential", shows="LIFBoxCell with v_reset -0.3", bias=True, **value,
             make=partial(two, partial(lif, v_reset=-0.3), True),
             lost="v_reset, which the exporter drops", repair={"v_reset": -0.3}),
        Case(name="synaptic-current", shows="two layers of LIFCell", bias=True, **value,
             make=partial(two, cuba, True), repair={"w_in": DT},
             lost="the gain of the synaptic current, w_in = tau_syn / dt, which the exporter drops"),
    ]  # fmt: skip


REFUSALS = (
    Refusal("recurrent", "LIFRecurrentCell", lambda: SequentialState(linear(12, 8, True), LIFRecurrentCell(8, 8))),
    Refusal("refractory", "LIFRefracCell", lambda: SequentialState(linear(12, 8, True), LIFRefracCell())),
    Refusal("conv-no-bias", "Conv2d without bias", lambda: SequentialState(
        nn.Conv2d(2, 4, 3, bias=False), LIFBoxCell()), (2, 6, 6), "the exporter reads a bias that is not there"),
    Refusal("flatten", "Flatten", lambda: SequentialState(
        nn.Conv2d(2, 4, 3), LIFBoxCell(), nn.Flatten(), linear(64, 4, True), LIFBoxCell()), (2, 6, 6)),
    Refusal("average-pooling", "AvgPool2d", lambda: SequentialState(
        nn.Conv2d(2, 4, 3), LIFBoxCell(), nn.AvgPool2d(2)), (2, 6, 6)),
)  # fmt: skip


def run(net: nn.Module, x: torch.Tensor) -> Recorded:
    """Run step by step; the potential is the one after the reset, as the cells return no other."""
    rows: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}
    fires: dict[str, bool] = {}
    hooks = []
    for name, module in net.named_children():
        if not isinstance(module, (nn.Linear, nn.Conv2d)):
            rows[name], fires[name] = [], not isinstance(module, LIBoxCell)
            hooks.append(
                module.register_forward_hook(lambda _, __, out, name=name: rows[name].append((out[0], out[1].v)))
            )
    state = None
    for row in x:
        _, state = net(row, state)
    for hook in hooks:
        hook.remove()
    found = {}
    for name, steps in rows.items():
        spikes, potentials = (torch.stack(part) for part in zip(*steps, strict=True))
        found[name] = (spikes if fires[name] else None, potentials)
    return found


def export(net: nn.Module, sample: torch.Tensor, _: object) -> nir.NIRGraph:
    """Export as Norse's users do; a flatten layer needs the batch axis."""
    batched = any(isinstance(module, nn.Flatten) for module in net.children())
    graph = to_nir(net, sample if batched else sample[0], dt=1.0)
    graph.infer_types()  # without this, nir.write refuses convolutions: the exporter leaves their input shape open
    return graph


if __name__ == "__main__":
    generate("norse", ("norse", "nir", "nirtorch", "torch"), cases(), REFUSALS, run, export)
