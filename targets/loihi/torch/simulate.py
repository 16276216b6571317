"""Steps a program in torch, population by population over many rows at once.

Rows are cut into windows, which bounds the memory on the device. Within a window, populations that are in no loop hear
all rows in one product and then step through them, sources before targets; the populations of a loop take turns, each
as many rows at once as the loop allows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.state import RunState
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS
from neurotool.targets.loihi.components import Component, components
from neurotool.targets.loihi.engine import Recording, allocate, order_of_steps, refusal
from neurotool.targets.loihi.listed import listed
from neurotool.targets.loihi.state import ending
from neurotool.targets.loihi.torch.device import check_products, full_float32
from neurotool.targets.loihi.torch.layers import Layer
from neurotool.targets.loihi.torch.senders import Senders
from neurotool.targets.torch_device import choose_device, device_name

WORKSPACE_BYTES = {"cpu": 1 << 22, "cuda": 1 << 28}
"""Bound of the sums of one population that are held at once: small enough for a cache, or large enough for a GPU."""

PROGRESS_MARKS = 20
"""Windows that a run is cut into, at least, when somebody watches it."""


def simulate_torch(
    program: ChipProgram,
    inputs: Mapping[str, Raster],
    options: RunOptions,
    chunk: int | None = None,
    state: RunState | None = None,
    device: torch.device | None = None,
) -> tuple[Recording, dict[str, str]]:
    """Run a checked program on checked inputs, with the answers of :func:`neurotool.targets.loihi.engine.simulate`.

    Args:
        program: The program.
        inputs: Spikes per input port, ``[time, batch, neuron]``, bool or integer.
        options: Probes, strictness, progress.
        chunk: Rows to treat at once; chosen from the sizes if None.
        state: Where to go on, or None to begin a sample.
        device: Where to run; if None, on the first CUDA device, or on the CPU where there is none.

    Returns:
        The recording of all populations, and the device, the way that each population took and the speed.

    Raises:
        NegativeAnswerError: In strict mode, the first state that left the range of the chip.
        BackendFailedError: The device does not multiply exactly.
    """
    steps, batch = next(iter(inputs.values())).shape[:2]
    where = device or choose_device()
    began = time.perf_counter()
    recording = allocate(program, steps, batch, options.probes, state)
    with full_float32():
        check_products(where)
        found = list(components(program))
        senders = Senders(inputs, recording, where)
        groups = [[Layer(program, program.populations[n], c, senders, options) for n in c.names] for c in found]
        layers = [layer for together in groups for layer in together]
        length = chunk or window_length(program, batch, steps, where, watched=options.progress is not None)
        for first in range(0, steps, length):
            last = min(first + length, steps)
            senders.move(first, last)
            for component, together in zip(found, groups, strict=True):
                advance(component, together, first, last)
            refuse(program, layers)
            senders.keep(first, last)
            if options.progress:
                options.progress(last, steps)
    states = {layer.population.name: layer.state() for layer in layers}
    recording.state = ending(recording.state, {**inputs, **recording.spikes}, states, steps)
    return recording, _facts(program, layers, where, steps * batch, time.perf_counter() - began)


def window_length(program: ChipProgram, batch: int, steps: int, device: torch.device, *, watched: bool) -> int:
    """Return how many rows fit the workspace; fewer if somebody wants to see progress."""
    values = (p.size * len(MODELS[p.model].inputs) for p in program.populations.values())
    fitting = max(1, WORKSPACE_BYTES[device.type] // (8 * batch * max(values, default=1)))
    return min(fitting, -(-steps // PROGRESS_MARKS)) if watched else fitting


def advance(component: Component, layers: list[Layer], first: int, last: int) -> None:
    """Run the populations of a component over a window."""
    heard = [layer.hear_outside(first, last) for layer in layers]
    stride = component.stride or last - first
    for low in range(first, last, stride):
        for layer, sums in zip(layers, heard, strict=True):
            layer.advance(sums, first, low, min(low + stride, last))


def refuse(program: ChipProgram, layers: list[Layer]) -> None:
    """Raise what the readable engine would have met first: by row, then by the order in which populations step.

    Raises:
        NegativeAnswerError: In strict mode, a state left the range of the chip.
    """
    order = order_of_steps(program)
    found = [
        (layer.neurons.refused[0], order.index(layer.population.name), layer.population, layer.neurons.refused[1])
        for layer in layers
        if layer.neurons.refused
    ]
    if found:
        row, _, population, error = min(found, key=lambda each: each[:2])
        raise refusal(population, error, row) from None


def _facts(
    program: ChipProgram, layers: list[Layer], device: torch.device, rows: int, seconds: float
) -> dict[str, str]:
    """Say where a run took place, which way each population took, and at what speed."""
    ways: dict[str, list[str]] = {}
    for layer in layers:
        ways.setdefault(layer.how, []).append(layer.population.name)
    neuron_steps = rows * sum(population.size for population in program.populations.values())
    return {
        "device": f"torch {torch.__version__} on {device_name(device)}",
        "path": "; ".join(f"{listed(names)}: {how}" for how, names in ways.items()),
        "neuron-steps per second": f"{neuron_steps / seconds:.3g}",
    }
