"""Random programs with every connectivity, delay, lag and neuron model, and messages for their inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from neurotool.ir.connectivity import convolved
from neurotool.ir.program import (
    AllToAll,
    ChipProgram,
    Connectivity,
    Convolution,
    InputPort,
    Population,
    Projection,
    SignMode,
    Sparse,
)
from neurotool.ir.program_check import problems
from neurotool.neurons import MODELS

SHAPES: Sequence[tuple[int, ...]] = [(1,), (2,), (5,), (33,), (2, 7), (1, 4, 3), (4, 5, 6)]
CALM = {"bias_mant": (-8, 8), "bias_exp": (0, 2), "vth": (1, 500), "du": (500, 4095), "dv": (100, 4095)}
Source = InputPort | Population


def neurons(rng: np.random.Generator, name: str, model: str, shape: tuple[int, ...], start: int, *, calm: bool):
    """A population whose parameters lie at either end of their range for a quarter of the neurons."""
    size = int(np.prod(shape))
    parameters = {}
    for parameter in MODELS[model].parameters:
        low, high = (
            CALM.get(parameter.name, (parameter.low, parameter.high)) if calm else (parameter.low, parameter.high)
        )
        count = 1 if parameter.uniform else size
        inside = rng.integers(low, high + 1, count)
        if parameter.name.startswith("vth") or high > 1 << 20:
            inside = (inside >> rng.integers(0, 18, count)).clip(low, high)
        kind = rng.random(count)
        drawn = np.where(kind < 0.12, low, np.where(kind < 0.25, high, inside)).astype(np.int64)
        parameters[parameter.name] = np.broadcast_to(drawn, (size,)).copy()
    return Population(name, model, shape, parameters, start, scale=3.0)


def mantissas(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Weights anywhere in -256..255, small or mostly zero for some projections."""
    weights = rng.integers(-256, 256, shape)
    if rng.random() < 0.4:
        weights[rng.random(shape) < rng.choice([0.8, 0.97])] = 0
    return weights >> rng.integers(0, 7)


def messages(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> np.ndarray:
    """Spikes or payloads at some rate: payloads of a few bits, of 32 bits, or of any number that an int64 holds."""
    active = rng.random(shape) < rng.choice([0.0, 0.03, 0.3, 1.0])
    if not bits:
        return active if rng.random() < 0.7 else (active * rng.integers(1, 4, shape)).astype(np.uint8)
    width = int(rng.choice([2, 12, 31, 47, 62]))
    return rng.integers(-(1 << width), 1 << width, shape) * active


@st.composite
def convolutions(draw: st.DrawFn, source: tuple[int, ...]) -> tuple[tuple[int, ...], Convolution]:
    """Shape of the weights and options of a convolution that fits a source."""
    channels, *sides = source
    sides = [1, *sides][-2:]
    groups = draw(st.sampled_from([g for g in (1, 2, 4) if channels % g == 0]))
    kernel = tuple(draw(st.integers(1, min(3, side))) for side in sides)
    pairs = [tuple(draw(st.integers(low, high)) for _ in sides) for low, high in ((1, 2), (0, 2), (1, 2))]
    convolution = Convolution(pairs[0], pairs[1], pairs[2], groups)
    weights = (groups * draw(st.integers(1, 9)), channels // groups, *kernel)
    if min(convolved(source, weights, convolution)) < 1:
        convolution = Convolution(groups=groups)
    return weights, convolution


@st.composite
def projections(
    draw: st.DrawFn, rng: np.random.Generator, source: Source, target: Population, name: str, *, calm: bool
):
    """Synapses between two, with the delays that they need at least; none where the target begins too late."""
    lag = (source.start if isinstance(source, Population) else 0) + 1 - target.start
    sizes = int(np.prod(target.shape)), int(np.prod(source.shape))
    connectivity: Connectivity = AllToAll()
    shape: tuple[int, ...] = sizes
    if draw(st.booleans()):
        count = draw(st.sampled_from([0 if lag >= 0 else 1, 1, 40, 500]))
        shape = (count,)
        connectivity = Sparse(rng.integers(0, sizes[0], count), rng.integers(0, sizes[1], count))
    delays = None
    if lag < 0 or draw(st.booleans()):
        longest = draw(st.sampled_from([1, 2, 9]))
        delays = rng.integers(max(0, -lag), max(0, -lag) + longest, shape)
    return made(draw, rng, source, target, name, mantissas(rng, shape), connectivity, delays, calm)


def made(draw, rng, source, target, name, weights, connectivity, delays=None, calm=False) -> Projection:
    payload = source.message_bits if isinstance(source, InputPort) else draw(st.sampled_from([0, 8]))
    return Projection(
        name,
        source.name,
        target.name,
        weights,
        weight_exp=draw(st.integers(-8, 2 if calm else 7)),
        weight_bits=draw(st.integers(1, 8)),
        sign_mode=draw(st.sampled_from(SignMode)),
        message_bits=payload,
        connectivity=connectivity,
        delays=delays,
        port=draw(st.sampled_from(MODELS[target.model].inputs)),
    )


@st.composite
def programs(draw: st.DrawFn, models: Sequence[str] = tuple(MODELS), *, calm: bool = False) -> ChipProgram:
    """A program with any projections, loops and skips among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bits = st.just(0) if calm else st.sampled_from([0, 8])
    ports = [InputPort(f"x{i}", draw(st.sampled_from(SHAPES)), draw(bits)) for i in range(draw(st.integers(1, 2)))]
    populations: list[Population] = []
    found: list[Projection] = []
    for i in range(draw(st.integers(1, 4))):
        model, start = draw(st.sampled_from(models)), draw(st.integers(0, 4))
        source = draw(st.sampled_from([*ports, *populations]))
        first = source.start if isinstance(source, Population) else 0
        if len(source.shape) > 1 and draw(st.booleans()):
            shape, convolution = draw(convolutions(source.shape))
            start = min(start, first + 1)
            target = neurons(rng, f"p{i}", model, convolved(source.shape, shape, convolution), start, calm=calm)
            weights = mantissas(rng, shape) << draw(st.sampled_from([0, 0, 0, 7]))
            found.append(made(draw, rng, source, target, f"conv{i}", weights, convolution))
        else:
            target = neurons(rng, f"p{i}", model, draw(st.sampled_from(SHAPES)), start, calm=calm)
        populations.append(target)
    for i in range(draw(st.integers(1, 6))):
        source, target = draw(st.sampled_from([*ports, *populations])), draw(st.sampled_from(populations))
        found.append(draw(projections(rng, source, target, f"w{i}", calm=calm)))
    by_name = ({x.name: x for x in items} for items in (ports, populations, found))
    program = ChipProgram(1e-3, *by_name, ())
    assert not problems(program)
    return program


@st.composite
def inputs(draw: st.DrawFn, program: ChipProgram, longest: int = 12) -> dict[str, np.ndarray]:
    """Messages for all inputs of a program, ``[time, batch, neuron]``."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps, batch = draw(st.integers(1, longest)), draw(st.sampled_from([1, 2, 3, 5, 40]))
    return {
        port.name: messages(rng, (steps, batch, int(np.prod(port.shape))), port.message_bits)
        for port in program.inputs.values()
    }
