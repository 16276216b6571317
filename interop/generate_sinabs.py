"""Networks of sinabs 3.1, exported by ``sinabs.nir``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import nir
import sinabs.layers as sl
import torch
from fixture import BATCH, Case, Recorded, Refusal, conv, generate, linear, uniform
from sinabs.activation import MembraneReset, MembraneSubtract, MultiSpike, SingleSpike
from sinabs.nir import to_nir
from torch import nn

RESETS = {"subtract": MembraneSubtract, "reset": MembraneReset}
FIRING, READOUT = (sl.IAFSqueeze, sl.LIFSqueeze), sl.ExpLeakSqueeze
DT = 1.0


def iaf(reset: str, *shape: int, spikes: object = SingleSpike, **options: Any) -> nn.Module:
    """Make neurons without a leak."""
    return sl.IAFSqueeze(batch_size=BATCH, spike_fn=spikes, reset_fn=RESETS[reset](), **options)


def lif(reset: str, *shape: int, whole: bool = False, spikes: object = SingleSpike, **options: Any) -> nn.Module:
    """Make leaky neurons, each with its own time constant and threshold."""
    threshold = uniform(1.1, 1.6, *shape) if whole else uniform(0.4, 0.7, *shape)
    return sl.LIFSqueeze(tau_mem=uniform(2.0, 6.0, *shape), spike_threshold=threshold, norm_input=not whole,
                         batch_size=BATCH, spike_fn=spikes, reset_fn=RESETS[reset](), **options)  # fmt: skip


def two(make: Callable[..., nn.Module], reset: str, bias: bool) -> nn.Module:
    """Make two dense layers."""
    gain = 1.6 if make is lif else 0.6
    return nn.Sequential(linear(12, 16, bias, gain), make(reset, 16), linear(16, 8, bias, gain), make(reset, 8))


def convolutional(make: Callable[..., nn.Module], reset: str, bias: bool) -> nn.Module:
    """Make two convolutions with pooling, and a dense layer."""
    gain = 1.6 if make is lif else 0.6
    return nn.Sequential(conv(nn.Conv2d, 2, 4, 3, bias=bias, padding=1, gain=gain), make(reset, 4, 6, 6),
                         sl.SumPool2d(2), conv(nn.Conv2d, 4, 4, 2, bias=bias, gain=0.4 * gain), make(reset, 4, 2, 2),
                         nn.Flatten(), linear(16, 6, bias, gain), make(reset, 6))  # fmt: skip


def strided() -> nn.Module:
    """Make a convolution with stride and groups, and a dense layer."""
    return nn.Sequential(conv(nn.Conv2d, 2, 4, 3, bias=False, stride=2, groups=2), iaf("subtract"), nn.Flatten(),
                         linear(64, 6, False), iaf("subtract"))  # fmt: skip


def one_row() -> nn.Module:
    """Make a convolution over one axis, and a dense layer."""
    return nn.Sequential(conv(nn.Conv1d, 2, 4, 3, bias=True, stride=2, padding=1), iaf("reset"), nn.Flatten(),
                         linear(24, 6, True), iaf("reset"))  # fmt: skip


def readout() -> nn.Module:
    """Make a dense layer and a read-out."""
    return nn.Sequential(linear(12, 16, True), lif("subtract", 16), linear(16, 6, True),
                         sl.ExpLeakSqueeze(tau_mem=uniform(3.0, 6.0, 6), batch_size=BATCH))  # fmt: skip


def cases() -> list[Case]:
    """Return the networks."""
    found = []
    known: dict[str, Any]
    for reset in RESETS:
        suffix = "" if reset == "subtract" else "-reset"
        known = {"reset": "subtract" if reset == "subtract" else "zero", "dt": DT}
        kinds = (("iaf", "IAF", iaf, "sinabs"), ("lif", "LIF", lif, "sinabs"),
                 ("lif-whole", "LIF with norm_input=False", partial(lif, whole=True), "sinabs-whole"))  # fmt: skip
        for name, shown, make, convention in kinds:
            for bias in (True, False):
                full = f"{name}-{reset}-{'bias' if bias else 'no-bias'}"
                found.append(Case(name=full, shows=f"two layers of {shown}", bias=bias, convention=convention + suffix,
                                  make=partial(two, make, reset, bias), **known))  # fmt: skip
        for name, make, bias in (("iaf", iaf, True), ("lif", lif, False)):
            found.append(Case(name=f"conv-{name}-{reset}", shows="Conv2d with padding, SumPool2d, Conv2d, Flatten",
                              shape=(2, 6, 6), make=partial(convolutional, make, reset, bias), wiring="convolutional",
                              bias=bias, convention="sinabs" + suffix, **known))  # fmt: skip
    known = {"dt": DT, "reset": "subtract", "convention": "sinabs"}
    return [
        *found,
        Case(name="conv-strided", shows="Conv2d with stride 2 and 2 groups", shape=(2, 9, 9), make=strided,
             wiring="convolutional", bias=False, **known),
        Case(name="conv1d", shows="Conv1d with stride and padding", shape=(2, 12), make=one_row,
             wiring="convolutional", bias=True, **known | {"reset": "zero", "convention": "sinabs-reset"}),
        Case(name="readout", shows="LIF, then ExpLeak as read-out", make=readout, bias=True, **known),
        Case(name="lif-current", shows="LIF fed with a float current", current=True, bias=True, **known,
             make=lambda: nn.Sequential(linear(12, 16, True, 2.0), lif("subtract", 16))),
        Case(name="multi-spike", shows="IAF with MultiSpike, sinabs' default", bias=True, **known,
             make=lambda: nn.Sequential(linear(12, 16, True), iaf("subtract", spikes=MultiSpike)),
             lost="that a neuron may send several spikes in one step"),
        Case(name="lower-bound", shows="IAF with min_v_mem", bias=True, **known,
             make=lambda: nn.Sequential(_inhibiting(linear(12, 16, True)), iaf("subtract", min_v_mem=-0.1)),
             lost="min_v_mem, the lowest potential"),
        Case(name="synaptic-current", shows="LIF with tau_syn", bias=True, **known,
             make=lambda: nn.Sequential(linear(12, 16, True, 2.0), lif("subtract", 16, tau_syn=3.0)),
             lost="tau_syn: the file holds neurons without synaptic current"),
    ]  # fmt: skip


def _inhibiting(module: nn.Linear) -> nn.Linear:
    """Shift the weights so that potentials reach a lower bound."""
    with torch.no_grad():
        module.weight -= 0.15
    return module


REFUSALS = (
    Refusal("recurrent-lif", "LIFRecurrent", lambda: nn.Sequential(linear(12, 8, True), sl.LIFRecurrent(
        tau_mem=3.0, rec_connect=nn.Linear(8, 8, bias=False))), (1, 12)),
    Refusal("recurrent-iaf", "IAFRecurrent", lambda: nn.Sequential(linear(12, 8, True), sl.IAFRecurrent(
        rec_connect=nn.Linear(8, 8, bias=False))), (1, 12)),
    Refusal("alif", "ALIF", lambda: nn.Sequential(linear(12, 8, True), sl.ALIF(tau_mem=3.0, tau_adapt=4.0)), (1, 12)),
    Refusal("average-pooling", "AvgPool2d", lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3), sl.IAFSqueeze(batch_size=BATCH), nn.AvgPool2d(2)), (2, 6, 6)),
)  # fmt: skip


def run(net: nn.Module, x: torch.Tensor) -> Recorded:
    """Run all steps at once; the potential is the one after the reset, as the layers record no other."""
    found: dict[str, tuple[torch.Tensor | None, torch.Tensor]] = {}

    def record(module: Any, _: object, spikes: torch.Tensor, name: str) -> None:
        potential = module.recordings["v_mem"].transpose(0, 1)
        rows = spikes.reshape(BATCH, len(x), *spikes.shape[1:]).transpose(0, 1)
        found[name] = (None if isinstance(module, READOUT) else rows, potential)

    _reset(net)
    hooks = []
    for name, module in net.named_children():
        if isinstance(module, (*FIRING, READOUT)):
            module.record_states = True
            hooks.append(module.register_forward_hook(partial(record, name=name)))
    net(x.transpose(0, 1).flatten(0, 1))
    for hook in hooks:
        hook.remove()
    _reset(net)
    return found


def _reset(net: nn.Module) -> None:
    for module in net.children():
        if isinstance(module, (*FIRING, READOUT)) and module.is_state_initialised():
            module.reset_states()


def export(net: nn.Module, sample: torch.Tensor, _: object) -> nir.NIRGraph:
    """Export as sinabs' users do."""
    graph = to_nir(net, sample.repeat(BATCH, *[1] * (sample.ndim - 1)))
    graph.infer_types()  # without this, nir.write refuses convolutions: the exporter leaves their input shape open
    return graph


if __name__ == "__main__":
    generate("sinabs", ("sinabs", "nir", "nirtorch", "torch"), cases(), REFUSALS, run, export)
