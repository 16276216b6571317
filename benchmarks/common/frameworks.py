"""The float network in Norse, snnTorch and spikingjelly, each in the forms that it offers.

- step by step: the whole network advances one time step after another, as the tutorials of Norse and snnTorch do it
  (Norse ``LIFBoxCell``, snnTorch ``Leaky``, spikingjelly ``LIFNode`` in step mode "s").
- compiled step: the same with the step compiled by ``torch.compile``, which Norse 1.1 recommends; needs a C++ compiler.
- layer by layer: feed-forward networks only. One product over all time steps, then the neurons step by step; this is
  what Norse's modules with time do. In spikingjelly it is step mode "m", its fastest on a CPU.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from common.floats import LEAK, THRESHOLD, FloatArray, FloatNetwork, Layer

PACKAGES = {"Norse": "norse", "snnTorch": "snntorch", "spikingjelly": "spikingjelly"}
INSTALL = "pip install -c constraints.txt -e '.[bench]' && pip install -c constraints.txt --no-deps spikingjelly"
"""As ``make bench`` does it. spikingjelly declares torchvision, torchaudio and tensorboard; its neurons import none."""

State = Any
Cell = Callable[[Tensor, State], tuple[Tensor, State]]
Forward = Callable[[Tensor], Tensor]


class Synapses(nn.Module):
    """Weights of one layer; flattens images where a dense layer follows a convolution."""

    def __init__(self, weights: FloatArray, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(weights), requires_grad=False)
        self.stride = stride

    def forward(self, spikes: Tensor) -> Tensor:
        """Sum up what the spikes of one time step, or of many, deliver: ``[any, *source]`` to ``[any, *target]``."""
        if self.weight.ndim == 4:
            return nn.functional.conv2d(spikes, self.weight, stride=self.stride)
        return nn.functional.linear(spikes.flatten(1), self.weight)


class Step(nn.Module):
    """One time step of the whole network."""

    def __init__(self, layers: tuple[Layer, ...], cells: list[nn.Module], gain: float) -> None:
        super().__init__()
        self.synapses = nn.ModuleList(Synapses(layer.weights * gain, layer.stride) for layer in layers)
        self.feedback = nn.ModuleList(
            nn.Identity() if layer.feedback is None else Synapses(layer.feedback * gain) for layer in layers
        )
        self.cells = nn.ModuleList(cells)

    def forward(self, spikes: Tensor, states: list[State]) -> tuple[Tensor, list[State]]:
        """Advance; a state is what its cell returned together with its spikes."""
        after = []
        for synapses, feedback, cell, (sent, state) in zip(
            self.synapses, self.feedback, self.cells, states, strict=True
        ):
            current = synapses(spikes)
            if sent is not None and isinstance(feedback, Synapses):
                current = current + feedback(sent)
            spikes, state = cell(current, state)
            after.append((spikes, state))
        return spikes, after


class NorseCell(nn.Module):
    """Norse's leaky integrate-and-fire neuron without synaptic current."""

    def __init__(self) -> None:
        super().__init__()
        from norse.torch import LIFBoxCell
        from norse.torch.functional.lif_box import LIFBoxParameters

        parameters = LIFBoxParameters(tau_mem_inv=torch.tensor(1e3 * LEAK), v_th=torch.tensor(THRESHOLD))
        self.neuron = LIFBoxCell(parameters, dt=1e-3)

    def forward(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance by one step."""
        return self.neuron(current, state)


class SnnTorchCell(nn.Module):
    """snnTorch's first-order neuron; its weights carry k."""

    def __init__(self) -> None:
        super().__init__()
        from snntorch import Leaky

        self.neuron = Leaky(beta=1 - LEAK, threshold=THRESHOLD, reset_mechanism="zero")

    def forward(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance by one step."""
        return self.neuron(current, torch.zeros_like(current) if state is None else state)


class SpikingJellyCell(nn.Module):
    """spikingjelly's neuron, which keeps its state itself.

    It also fires at the threshold, so that its own is the next larger number.
    """

    def __init__(self, mode: str = "s") -> None:
        super().__init__()
        from spikingjelly.activation_based.neuron import LIFNode

        threshold = float(np.nextafter(np.float32(THRESHOLD), np.float32(1)))
        self.neuron = LIFNode(1 / LEAK, True, threshold, 0.0, step_mode=mode)

    def forward(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """Advance by one step, or in mode "m" by all."""
        if state is None:
            self.neuron.reset()
        return self.neuron(current), True


CELLS: dict[str, tuple[type[nn.Module], float]] = {
    "Norse": (NorseCell, 1.0),
    "snnTorch": (SnnTorchCell, LEAK),
    "spikingjelly": (SpikingJellyCell, 1.0),
}
"""Cell of each framework, and the gain on the weights that goes with it."""


def installed() -> dict[str, str]:
    """Version of each framework that can be imported."""
    found = {}
    for name, package in PACKAGES.items():
        try:
            importlib.import_module(package)
            found[name] = version(package)
        except ImportError:
            continue
    return found


def forms(framework: str, network: FloatNetwork, device: str, *, compiled: bool) -> dict[str, Forward]:
    """Return the forms of a network: functions from ``[time, batch, *shape]`` to the output layer's spikes."""
    cell, gain = CELLS[framework]
    step = Step(network.layers, [cell() for _ in network.layers], gain).to(device).eval()
    found: dict[str, Forward] = {"step by step": lambda x: _step_by_step(step, x)}
    if compiled and shutil.which("c++"):
        fast = torch.compile(step)
        found["compiled step"] = lambda x: _step_by_step(fast, x)
    if all(layer.feedback is None for layer in network.layers):
        if framework == "spikingjelly":
            whole = Step(network.layers, [SpikingJellyCell("m") for _ in network.layers], gain).to(device).eval()
            found["multi-step"] = lambda x: _layer_by_layer(whole, x, _all_at_once)
        else:
            found["layer by layer"] = lambda x: _layer_by_layer(step, x, _one_by_one)
    return found


def _step_by_step(step: Callable[..., Any], shown: Tensor) -> Tensor:
    states: list[State] = [(None, None)] * _depth(step)
    spikes = []
    for row in shown:
        sent, states = step(row, states)
        spikes.append(sent)
    return torch.stack(spikes)


def _depth(step: Any) -> int:
    return len(step.cells)


def _layer_by_layer(step: Step, shown: Tensor, neurons: Callable[[nn.Module, Tensor], Tensor]) -> Tensor:
    time, batch = shown.shape[:2]
    for synapses, cell in zip(step.synapses, step.cells, strict=True):
        shown = neurons(cell, synapses(shown.flatten(0, 1)).unflatten(0, (time, batch)))
    return shown


def _one_by_one(cell: nn.Module, currents: Tensor) -> Tensor:
    state, spikes = None, []
    for current in currents:
        sent, state = cell(current, state)
        spikes.append(sent)
    return torch.stack(spikes)


def _all_at_once(cell: nn.Module, currents: Tensor) -> Tensor:
    spikes: Tensor = cell(currents, None)[0]
    return spikes
