"""A float network that every framework and, quantised, the engine can hold.

All neurons follow v <- (1 - k) v + k x with k = 1/8, fire where v exceeds the threshold and are set to 0 there, where x
is the weighted sum of the spikes. This is Norse's LIFBoxCell, snnTorch's Leaky with k in the weights and reset to zero,
spikingjelly's LIFNode with decaying input, and Lava's LIF without memory of its current. As k is a power of two, it may
be multiplied in anywhere without another rounding.

Weights and thresholds lie on the grid that Lava's eight bits give, so that quantising the network changes none of them.
What is left between floats and integers is that Lava truncates the decay of the potential, by at most 1/64 of the
smallest weight in a step.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.networks import program_of
from neurotool.ir.connectivity import convolved
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Population, Projection

LEAK = 0.125
THRESHOLD = 39 / 1024
DECAY_UNITY = 4096
LARGEST_WEIGHT = 254

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """One population and what it hears.

    Attributes:
        weights: ``[target, source]``, or ``[channel out, channel in, row, column]`` of a convolution without padding.
        scale: Integer weight of a float weight of 1 / k; a power of two.
        stride: Stride of the convolution.
        feedback: Weights from the population to itself, ``[target, target]``.
    """

    weights: FloatArray
    scale: float
    stride: int = 1
    feedback: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """Layers one after another; ``shape`` is that of the input, without time and batch."""

    shape: tuple[int, ...]
    layers: tuple[Layer, ...]


def dense(sizes: tuple[int, ...], seed: int, *, recurrent: bool = False) -> FloatNetwork:
    """Dense layers of these sizes, of which the first is the input; the first population hears itself if recurrent."""
    rng = np.random.default_rng(seed)
    layers: list[Layer] = []
    for source, target in itertools.pairwise(sizes):
        scale = _scale(source)
        feedback = _weights(rng, scale, target, target) if recurrent and not layers else None
        layers.append(Layer(_weights(rng, scale, target, source), scale, feedback=feedback))
    return FloatNetwork((sizes[0],), tuple(layers))


def convolutional(
    shape: tuple[int, int, int], kernels: tuple[tuple[int, int, int], ...], outputs: int, seed: int
) -> FloatNetwork:
    """Convolutions, each (channels, width, stride), and a dense layer."""
    rng = np.random.default_rng(seed)
    layers, before = [], shape
    for channels, width, stride in kernels:
        scale = _scale(before[0] * width**2)
        weights = _weights(rng, scale, channels, before[0], width, width)
        layers.append(Layer(weights, scale, stride))
        before = convolved(before, weights.shape, Convolution((stride, stride)))
    scale = _scale(int(np.prod(before)))
    return FloatNetwork(shape, (*layers, Layer(_weights(rng, scale, outputs, int(np.prod(before))), scale)))


def quantised(network: FloatNetwork) -> ChipProgram:
    """The same network in Lava's integers: weights rounded to even numbers of at most eight bits."""
    populations: list[Population] = []
    projections: list[Projection] = []
    source, shape = "input", network.shape
    for start, layer in enumerate(network.layers, start=1):
        name = f"layer{start}"
        connectivity = Convolution((layer.stride,) * 2) if layer.weights.ndim == 4 else AllToAll()
        if isinstance(connectivity, Convolution):
            shape = convolved(shape, layer.weights.shape, connectivity)
        else:
            shape = layer.weights.shape[:1]
        populations.append(_population(name, shape, start, layer.scale))
        projections.append(
            Projection(f"to_{name}", source, name, _integers(layer.weights, layer.scale), connectivity=connectivity)
        )
        if layer.feedback is not None:
            projections.append(Projection(f"back_{name}", name, name, _integers(layer.feedback, layer.scale)))
        source = name
    return program_of(network.shape, populations, projections)


def _population(name: str, shape: tuple[int, ...], start: int, scale: float) -> Population:
    values = {
        "du": DECAY_UNITY - 1,
        "dv": int(DECAY_UNITY * LEAK),
        "vth": round(scale * THRESHOLD),
        "bias_mant": 0,
        "bias_exp": 0,
    }
    parameters = {key: np.full(int(np.prod(shape)), value, np.int64) for key, value in values.items()}
    return Population(name, "lif", shape, parameters, start, scale=64 * scale)


def _integers(weights: FloatArray, scale: float) -> npt.NDArray[np.int64]:
    integers: npt.NDArray[np.int64] = np.rint(weights * (LEAK * scale)).astype(np.int64)
    return integers


def _scale(fan_in: int) -> float:
    """The largest power of two with which four standard deviations of the weights fit."""
    return float(2 ** np.floor(np.log2(LARGEST_WEIGHT / (LEAK * 4 * _deviation(fan_in)))))


def _deviation(fan_in: int) -> float:
    """Gives x the same spread however many sources there are."""
    return float(1 / np.sqrt(3 * fan_in))


def _weights(rng: np.random.Generator, scale: float, *shape: int) -> FloatArray:
    """Normal, rounded to even integers of eight bits and scaled back."""
    drawn = rng.standard_normal(shape, np.float32) * _deviation(int(np.prod(shape[1:])))
    integers = np.clip(2 * np.rint(drawn * (LEAK * scale / 2)), -LARGEST_WEIGHT, LARGEST_WEIGHT)
    weights: FloatArray = (integers / (LEAK * scale)).astype(np.float32)
    return weights
