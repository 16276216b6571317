"""Linear maps in the forms that synapses have: a gain per neuron, a convolution, a matrix.

A chain stays in the cheapest form that can hold it. A convolution after a convolution, or a matrix after a pooling, is
a matrix; matrices are sparse until a dense one enters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from neurotool.arrays import Float64Array
from neurotool.ir.connectivity import convolved
from neurotool.ir.program import Convolution
from neurotool.synapses.expand import convolution_taps

Matrix = Any
"""``[target, source]``: a float64 array, or a ``scipy.sparse.csr_array``, which has no types of its own."""


@dataclass(frozen=True, eq=False)
class Gain:
    """Every neuron to its own copy: ``y = gain * x``, flat."""

    gain: Float64Array

    @property
    def matrix(self) -> Matrix:
        """The same as a matrix, ``[target, source]``."""
        return sparse.csr_array(sparse.diags_array(self.gain))


@dataclass(frozen=True, eq=False)
class Kernel:
    """A convolution of a source of shape (channels, rows, columns)."""

    weights: Float64Array
    convolution: Convolution
    source: tuple[int, int, int]

    @property
    def target(self) -> tuple[int, int, int]:
        """Shape (channels, rows, columns) of the result."""
        return convolved(self.source, self.weights.shape, self.convolution)

    @property
    def matrix(self) -> Matrix:
        """The same as a matrix, ``[target, source]``."""
        targets, sources, places = convolution_taps(self.source, self.convolution, self.weights)
        size = math.prod(self.target), math.prod(self.source)
        return sparse.csr_array((self.weights.ravel()[places], (targets, sources)), shape=size)


@dataclass(frozen=True, eq=False)
class Table:
    """A matrix, ``[target, source]``, dense or sparse."""

    matrix: Matrix


LinearMap = Gain | Kernel | Table


def added(first: LinearMap, second: LinearMap) -> LinearMap | None:
    """Add up two maps between the same values, or None where a convolution would lose its shared weights."""
    if isinstance(first, Gain) and isinstance(second, Gain):
        return Gain(first.gain + second.gain)
    if isinstance(first, Kernel) and isinstance(second, Kernel):
        same = first.convolution == second.convolution and first.weights.shape == second.weights.shape
        return Kernel(first.weights + second.weights, first.convolution, first.source) if same else None
    if isinstance(first, Kernel) or isinstance(second, Kernel):
        return None
    total = first.matrix + second.matrix
    return Table(total if isinstance(total, np.ndarray) else sparse.csr_array(total))


def scaled(found: LinearMap, scale: Float64Array) -> LinearMap:
    """Multiply the result of a map by a factor for each target neuron, flat."""
    if isinstance(found, Gain):
        return Gain(found.gain * scale)
    if isinstance(found, Kernel):
        channels = scale.reshape(found.target[0], -1)
        if (channels == channels[:, :1]).all():
            return Kernel(found.weights * channels[:, 0, None, None, None], found.convolution, found.source)
    return Table(_rows_scaled(found.matrix, scale))


def _rows_scaled(matrix: Matrix, scale: Float64Array) -> Matrix:
    if isinstance(matrix, np.ndarray):
        return matrix * scale[:, None]
    return sparse.csr_array(sparse.diags_array(scale) @ matrix)


def multiplied(weight: Float64Array, found: LinearMap) -> LinearMap:
    """Apply a dense matrix to the result of a map."""
    if isinstance(found, Gain):
        return Table(weight if (found.gain == 1.0).all() else weight * found.gain)
    product = weight @ found.matrix
    return Table(np.asarray(product))


def convolve(
    weights: Float64Array, convolution: Convolution, shape: tuple[int, int, int], found: LinearMap
) -> LinearMap:
    """Apply a convolution to the result of a map, which has ``shape`` (channels, rows, columns)."""
    kernel = Kernel(weights, convolution, shape)
    if isinstance(found, Gain):
        if (found.gain == found.gain.flat[0]).all():
            return Kernel(weights * found.gain.flat[0], convolution, shape)
        return Table(sparse.csr_array(kernel.matrix @ found.matrix))
    product = kernel.matrix @ found.matrix
    return Table(product if isinstance(product, np.ndarray) else sparse.csr_array(product))
