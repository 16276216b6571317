"""Chip programs with random weights, and spikes for them.

Weights are even, uniform between -128 and 128. With 10 % of the inputs active and the thresholds below, 5 to 15 % of
the neurons fire in a step, in every layer, however wide it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from neurotool.ir.connectivity import convolved
from neurotool.ir.program import (
    AllToAll,
    ChipProgram,
    Connectivity,
    Convolution,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
)

INPUT_RATE = 0.1
THRESHOLD = 110
"""Threshold of a neuron that hears one source; it grows with the square root of their number."""

PILOTNET_INPUT = (3, 66, 200)
PILOTNET_KERNELS = ((24, 5, 2), (36, 5, 2), (48, 5, 2), (64, 3, 1), (64, 3, 1))
"""Channels, width of the kernel and stride of PilotNet's convolutions (Bojarski et al. 2016, fig. 4)."""
PILOTNET_DENSE = (1164, 100, 50, 10)

IntArray = npt.NDArray[np.int64]


def lif(name: str, shape: tuple[int, ...], start: int, fan_in: int) -> Population:
    """A population of LIF neurons that hear ``fan_in`` sources each."""
    size = int(np.prod(shape))
    values = {"du": 1024, "dv": 512, "vth": int(THRESHOLD * np.sqrt(fan_in)), "bias_mant": 0, "bias_exp": 0}
    parameters = {key: np.full(size, value, np.int64) for key, value in values.items()}
    return Population(name, "lif", shape, parameters, start, scale=64.0)


def program_of(
    shape: tuple[int, ...], populations: Sequence[Population], projections: Sequence[Projection]
) -> ChipProgram:
    """A program with one input port, ``input``, that gives the spikes of all its populations."""
    return ChipProgram(
        1e-3,
        {"input": InputPort("input", shape)},
        {population.name: population for population in populations},
        {projection.name: projection for projection in projections},
        tuple(OutputPort(population.name, OutputKind.SPIKES) for population in populations),
    )


def chain(sizes: Sequence[int], seed: int) -> ChipProgram:
    """Dense layers of these sizes, of which the first is the input."""
    rng = np.random.default_rng(seed)
    populations, projections = [], []
    names = ["input", *(f"layer{i}" for i in range(1, len(sizes)))]
    for i in range(1, len(sizes)):
        populations.append(lif(names[i], (sizes[i],), i, sizes[i - 1]))
        projections.append(Projection(f"to_{names[i]}", names[i - 1], names[i], _weights(rng, sizes[i], sizes[i - 1])))
    return program_of((sizes[0],), populations, projections)


def network(size: int, seed: int, *, recurrent: bool = False) -> ChipProgram:
    """Two dense layers of ``size`` neurons; the first also hears itself if recurrent."""
    program = chain((size, size, size), seed)
    if not recurrent:
        return program
    rng = np.random.default_rng(seed + 1000)
    back = Projection("back", "layer1", "layer1", _weights(rng, size, size))
    return replace(program, projections={**program.projections, "back": back})


def pilotnet(seed: int) -> ChipProgram:
    """A network of PilotNet's shape: five convolutions without padding and four dense layers."""
    return convolutional(PILOTNET_INPUT, PILOTNET_KERNELS, PILOTNET_DENSE, seed)


def convolutional(
    shape: tuple[int, int, int], kernels: Sequence[tuple[int, int, int]], dense: Sequence[int], seed: int
) -> ChipProgram:
    """Convolutions, each (channels, width, stride), followed by dense layers."""
    rng = np.random.default_rng(seed)
    populations: list[Population] = []
    projections: list[Projection] = []
    source, before = "input", shape

    def join(name: str, after: tuple[int, ...], weights: IntArray, connectivity: Connectivity) -> None:
        populations.append(lif(name, after, len(populations) + 1, weights[0].size))
        projections.append(Projection(f"to_{name}", source, name, weights, connectivity=connectivity))

    for i, (channels, width, stride) in enumerate(kernels, start=1):
        weights, convolution = _weights(rng, channels, before[0], width, width), Convolution((stride, stride))
        before = convolved(before, weights.shape, convolution)
        join(f"conv{i}", before, weights, convolution)
        source = f"conv{i}"
    fan_in = int(np.prod(before))
    for i, size in enumerate(dense, start=1):
        join(f"dense{i}", (size,), _weights(rng, size, fan_in), AllToAll())
        source, fan_in = f"dense{i}", size
    return program_of(shape, populations, projections)


def input_spikes(
    steps: int, batch: int, shape: int | tuple[int, ...], seed: int, rate: float = INPUT_RATE
) -> npt.NDArray[np.bool_]:
    """Independent spikes ``[time, batch, *shape]``."""
    sizes = (shape,) if isinstance(shape, int) else shape
    return np.random.default_rng(seed + 1).random((steps, batch, *sizes), np.float32) < rate


def _weights(rng: np.random.Generator, *shape: int) -> IntArray:
    return 2 * rng.integers(-64, 65, shape)
