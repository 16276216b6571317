"""The single synapses behind a projection, for everything that counts or stores them one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from neurotool.arrays import Int64Array
from neurotool.ir.connectivity import convolved, planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Projection, Sparse

PIECE = 1 << 20
"""Weights looked at together when synapses are listed piece by piece."""


@dataclass(frozen=True, eq=False)
class Synapses:
    """Synapses with a weight other than zero, ``[synapse]`` each, ordered by target and then source.

    Attributes:
        targets: Target neurons, flat.
        sources: Source neurons, flat.
        places: Place of each synapse's weight in the flat weights of the projection. Synapses of a convolution share.
        weights: Mantissas, as the projection holds them.
        delays: Delays in steps.
        shape: (target size, source size).
    """

    targets: Int64Array
    sources: Int64Array
    places: Int64Array
    weights: Int64Array
    delays: Int64Array
    shape: tuple[int, int]

    @property
    def counts(self) -> sparse.csr_array:
        """Number of synapses from each source to each target, ``[target, source]``."""
        ones = np.ones(len(self.weights), np.int64)
        return sparse.csr_array((ones, (self.targets, self.sources)), shape=self.shape)


def expand(program: ChipProgram, projection: Projection) -> Synapses:
    """List the synapses of a projection. A convolution's shared weights are repeated wherever they are used."""
    return SynapseLists(program, projection).into(0, program.size_of(projection.target))


class SynapseLists:
    """The synapses of a projection, to be had for one range of target neurons after another.

    A convolution has many more synapses than weights. What needs them piece by piece need not hold them all.

    Args:
        program: The program.
        projection: One of its projections.

    Attributes:
        projection: The projection.
        shape: (target size, source size).
    """

    def __init__(self, program: ChipProgram, projection: Projection) -> None:
        self.projection = projection
        self.shape = program.size_of(projection.target), program.size_of(projection.source)
        connectivity, weights = projection.connectivity, projection.weights
        self._form: _Form
        if isinstance(connectivity, AllToAll):
            self._form = _Matrix(weights)
        elif isinstance(connectivity, Sparse):
            self._form = _Pairs(connectivity, weights, self.shape[0])
        else:
            self._form = _Taps(program.shape_of(projection.source), connectivity, weights)

    @property
    def total(self) -> int:
        """Number of synapses with a weight other than zero."""
        return self._form.total

    def into(self, first: int, last: int) -> Synapses:
        """List the synapses of the target neurons from ``first`` to before ``last``."""
        targets, sources, places = self._form.into(first, last)
        delays = self.projection.delays
        held = np.zeros(len(places), np.int64) if delays is None else delays.ravel()[places]
        return Synapses(targets, sources, places, self.projection.weights.ravel()[places], held, self.shape)

    def pieces(self, first: int = 0, last: int | None = None) -> Iterator[Synapses]:
        """Yield the synapses of a range of target neurons, all by default, a limited number of them at a time."""
        end, step = self.shape[0] if last is None else last, max(1, PIECE // self._form.width)
        for begin in range(first, end, step):
            yield self.into(begin, min(begin + step, end))


def convolution_taps(
    source: tuple[int, int, int], convolution: Convolution, weights: npt.NDArray[np.number]
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """List the synapses of a convolution, of integers or floats.

    Args:
        source: Shape of the source, (channels, rows, columns).
        convolution: The convolution.
        weights: Its kernels.

    Returns:
        Target, source and place of the weight in the flat kernels, for every synapse with a weight other than zero.
    """
    return _Taps(source, convolution, weights).into(0, math.prod(convolved(source, weights.shape, convolution)))


class _Form(Protocol):
    """How the synapses of one connectivity are found.

    Attributes:
        total: Number of synapses with a weight other than zero.
        width: Weights to look at for one target neuron, in the mean.
    """

    total: int
    width: int

    def into(self, first: int, last: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return target, source and place of the weight of every synapse of a range of targets."""
        ...


class _Matrix:
    """A weight for every pair of neurons."""

    def __init__(self, weights: Int64Array) -> None:
        self._weights = weights
        self.total, self.width = int(np.count_nonzero(weights)), weights.shape[1]

    def into(self, first: int, last: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        targets, sources = np.nonzero(self._weights[first:last])
        targets += first
        return targets, sources, targets * self.width + sources


class _Pairs:
    """Listed synapses, brought into order once."""

    def __init__(self, synapses: Sparse, weights: Int64Array, size: int) -> None:
        kept = np.flatnonzero(weights)
        self._places = kept[np.lexsort((synapses.sources[kept], synapses.targets[kept]))]
        self._targets, self._sources = synapses.targets[self._places], synapses.sources[self._places]
        self.total = len(kept)
        self.width = max(1, self.total // size)

    def into(self, first: int, last: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        begin, end = np.searchsorted(self._targets, [first, last])
        return self._targets[begin:end], self._sources[begin:end], self._places[begin:end]


class _Taps:
    """Where the kernel of a convolution falls: a target neuron hears a source neuron through each tap on the image."""

    def __init__(self, source: Shape, convolution: Convolution, weights: npt.NDArray[np.number]) -> None:
        channels, height, width = planes(source)
        _, self._rows, self._columns = convolved(source, weights.shape, convolution)
        (down, across), (top, side), dilation = convolution.stride, convolution.padding, convolution.dilation
        row = np.arange(self._rows)[:, None] * down - top + np.arange(weights.shape[2]) * dilation[0]
        column = np.arange(self._columns)[:, None] * across - side + np.arange(weights.shape[3]) * dilation[1]
        self._row_hit, self._column_hit = (row >= 0) & (row < height), (column >= 0) & (column < width)
        self._held = weights != 0
        # A source neuron is the corner of the kernel's place on the image plus what the tap adds to it.
        group = np.arange(weights.shape[0]) // (weights.shape[0] // convolution.groups)
        self._plane = group * (channels // convolution.groups) * height * width
        self._corner = (row[:, :1] * width + column[:, 0]).ravel()
        inside, i, j = np.indices(weights.shape[1:])
        self._tap = ((inside * height + i * dilation[0]) * width + j * dilation[1]).ravel()
        self.width = len(self._tap)
        positions = self._row_hit.sum(axis=0)[:, None] * self._column_hit.sum(axis=0)
        self.total = int((self._held.sum(axis=(0, 1)) * positions).sum())

    def into(self, first: int, last: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        out, position = np.divmod(np.arange(first, last), self._rows * self._columns)
        y, x = np.divmod(position, self._columns)
        hit = self._row_hit[y][:, None, :, None] & self._column_hit[x][:, None, None, :]
        target, tap = np.nonzero((hit & self._held[out]).reshape(len(out), -1))
        sources = (self._plane[out] + self._corner[position])[target] + self._tap[tap]
        return target + first, sources, out[target] * self.width + tap
