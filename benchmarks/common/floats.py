"""A float network that every framework and, quantised, the engine can hold.

All neurons follow v <- (1 - k) v + k x with k = 1/8, fire where v exceeds the threshold and are set to 0 there, where x
is the weighted sum of the spikes. This is Norse's LIFBoxCell, snnTorch's Leaky with k in the weights and reset to zero,
spikingjelly's LIFNode with decaying input, and Lava's LIF without memory of its current. As k is a power of two, it may
be multiplied in anywhere without another rounding.
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
THRESHOLD = 0.038
DECAY_UNITY = 4096
LARGEST_WEIGHT = 254

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """One population and what it hears.

    Attributes:
        weights: ``[target, source]``, or ``[channel out, channel in, row, column]`` of a convolution without padding.
        stride: Stride of the convolution.
        feedback: Weights from the population to itself, ``[target, target]``.
    """

    weights: FloatArray
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
    layers = []
    for source, target in itertools.pairwise(sizes):
        feedback = _weights(rng, target, target) if recurrent and not layers else None
        layers.append(Layer(_weights(rng, target, source), feedback=feedback))
    return FloatNetwork((sizes[0],), tuple(layers))


def convolutional(
    shape: tuple[int, int, int], kernels: tuple[tuple[int, int, int], ...], outputs: int, seed: int
) -> FloatNetwork:
    """Convolutions, each (channels, width, stride), and a dense layer."""
    rng = np.random.default_rng(seed)
    layers, before = [], shape
    for channels, width, stride in kernels:
        weights = _weights(rng, channels, before[0], width, width)
        layers.append(Layer(weights, stride))
        before = convolved(before, weights.shape, Convolution((stride, stride)))
    return FloatNetwork(shape, (*layers, Layer(_weights(rng, outputs, int(np.prod(before))))))


def quantised(network: FloatNetwork) -> ChipProgram:
    """The same network in Lava's integers: weights rounded to even numbers of at most eight bits."""
    populations: list[Population] = []
    projections: list[Projection] = []
    source, shape = "input", network.shape
    for start, layer in enumerate(network.layers, start=1):
        name, connectivity = (
            f"layer{start}",
            Convolution((layer.stride,) * 2) if layer.weights.ndim == 4 else AllToAll(),
        )
        is_convolution = isinstance(connectivity, Convolution)
        shape = convolved(shape, layer.weights.shape, connectivity) if is_convolution else layer.weights.shape[:1]
        heard = [w for w in (layer.weights, layer.feedback) if w is not None]
        scale = LARGEST_WEIGHT / (LEAK * max(float(np.abs(w).max()) for w in heard))
        populations.append(_population(name, shape, start, scale))
        projections.append(
            Projection(f"to_{name}", source, name, _rounded(layer.weights, scale), connectivity=connectivity)
        )
        if layer.feedback is not None:
            projections.append(Projection(f"back_{name}", name, name, _rounded(layer.feedback, scale)))
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


def _rounded(weights: FloatArray, scale: float) -> npt.NDArray[np.int64]:
    return 2 * np.rint(weights * (LEAK * scale / 2)).astype(np.int64)


def _weights(rng: np.random.Generator, *shape: int) -> FloatArray:
    """Normal, with a variance that gives x the same spread however many sources there are."""
    fan_in = int(np.prod(shape[1:]))
    return (rng.standard_normal(shape, np.float32) / np.sqrt(3 * fan_in)).astype(np.float32)
