"""Which source neurons reach a slice of a population through a projection, and what lists of synapses that takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.chips.kernels import KernelLists, random_numbers
from neurotool.ir.connectivity import planes
from neurotool.ir.placement import Slice
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Projection, Sparse
from neurotool.synapses.expand import PIECE, SynapseLists, Synapses

SPAN = 16
"""Neurons to each synapse up to which counting in a table is faster than sorting."""


@dataclass(frozen=True, eq=False)
class Held:
    """What a slice holds of a projection.

    Attributes:
        stored: Entries of each list to be stored.
        synapses: Synapses with a weight other than zero.
        sources: Source neurons with a synapse here.
        axons: Input axons that they need.
    """

    stored: Int64Array
    synapses: int
    sources: int
    axons: int


class SliceLists:
    """Lists of synapses of a projection, slice by slice of its target.

    On each core, a source neuron has one list of synapses for each projection. Lists of a convolution that differ by a
    shift of their targets hold the same weights of the kernel and are stored once.

    Args:
        program: The program.
        projection: One of its projections.

    Attributes:
        projection: The projection.
    """

    def __init__(self, program: ChipProgram, projection: Projection) -> None:
        self.projection = projection
        self._walk: _Form = _Walk(program, projection)
        self._form: _Form = self._walk
        self._grid = program.size_of(projection.target), 1, 1
        if isinstance(projection.connectivity, AllToAll):
            self._form = _Matrix(projection.weights)
        elif isinstance(projection.connectivity, Sparse):
            self._form = _Pairs(projection.connectivity, projection.weights, self._grid[0])
        else:
            self._grid = planes(program.shape_of(projection.target))
            self._form = _Image(program, projection.connectivity, projection)

    def reach(self, held: Slice) -> tuple[Int64Array, Int64Array]:
        """Return the source neurons with a synapse on a slice, ascending, and how many synapses each has there."""
        return self._of(held).reach(held)

    def held(self, held: Slice) -> Held:
        """Return what a slice holds."""
        return self._of(held).held(held)

    def into_each(self) -> Int64Array:
        """Return the number of synapses of every target neuron, ``[target]``."""
        return self._form.into_each()

    def _of(self, held: Slice) -> _Form:
        # A convolution knows boxes of its own image; neurons cut in another way are looked up one by one.
        return self._form if not isinstance(self._form, _Image) or held.grid == self._grid else self._walk


class _Form(Protocol):
    def reach(self, held: Slice) -> tuple[Int64Array, Int64Array]: ...

    def held(self, held: Slice) -> Held: ...

    def into_each(self) -> Int64Array: ...


class _Matrix:
    """A weight for every pair of neurons."""

    def __init__(self, weights: Int64Array) -> None:
        self._weights = weights
        self._full = np.count_nonzero(weights) == weights.size

    def reach(self, held: Slice) -> tuple[Int64Array, Int64Array]:
        counts = self._counts(held)
        sources = np.flatnonzero(counts)
        return sources, counts[sources]

    def held(self, held: Slice) -> Held:
        counts = self._counts(held)
        sources = int(np.count_nonzero(counts))
        return Held(counts, int(counts.sum()), sources, sources)

    def into_each(self) -> Int64Array:
        return np.asarray(np.count_nonzero(self._weights, axis=1), np.int64)

    def _counts(self, held: Slice) -> Int64Array:
        width = self._weights.shape[1]
        if self._full:
            return np.full(width, held.size, np.int64)
        counts, step = np.zeros(width, np.int64), max(1, PIECE // width)
        for first, last in held.runs():
            for begin in range(first, last, step):
                counts += np.count_nonzero(self._weights[begin : min(begin + step, last)], axis=0)
        return counts


class _Pairs:
    """Listed synapses. The lists are taken as they are where they are ordered by target."""

    def __init__(self, listed: Sparse, weights: Int64Array, size: int) -> None:
        self._sources, self._weights, targets = listed.sources, weights, listed.targets
        self._order = None if bool(np.all(targets[:-1] <= targets[1:])) else np.argsort(targets, kind="stable")
        ordered = targets if self._order is None else targets[self._order]
        self._starts = np.searchsorted(ordered, np.arange(size + 1))

    def reach(self, held: Slice) -> tuple[Int64Array, Int64Array]:
        return _counted(np.concatenate([np.zeros(0, np.int64), *(self._heard(*run) for run in held.runs())]))

    def held(self, held: Slice) -> Held:
        sources, counts = self.reach(held)
        return Held(counts, int(counts.sum()), len(sources), len(sources))

    def into_each(self) -> Int64Array:
        held = (self._weights if self._order is None else self._weights[self._order]) != 0
        before = np.concatenate([[0], np.cumsum(held)])
        return np.asarray(np.diff(before[self._starts]), np.int64)

    def _heard(self, first: int, last: int) -> Int64Array:
        inside = slice(self._starts[first], self._starts[last])
        places = inside if self._order is None else self._order[inside]
        return np.asarray(self._sources[places][self._weights[places] != 0], np.int64)


class _Image:
    """A convolution, cut into boxes of its image."""

    def __init__(self, program: ChipProgram, form: Convolution, projection: Projection) -> None:
        self._walk = _Walk(program, projection)
        self._kernels = KernelLists(planes(program.shape_of(projection.source)), form, projection.weights)

    def reach(self, held: Slice) -> tuple[Int64Array, Int64Array]:
        return self._kernels.reach(held.channels, held.rows, held.columns)

    def held(self, held: Slice) -> Held:
        return Held(*self._kernels.lists(held.channels, held.rows, held.columns))

    def into_each(self) -> Int64Array:
        return self._walk.into_each()


class _Walk:
    """A convolution, synapse by synapse."""

    def __init__(self, program: ChipProgram, projection: Projection) -> None:
        self._program, self._projection = program, projection

    def reach(self, held: Slice) -> tuple[Int64Array, Int64Array]:
        return _counted(np.concatenate([np.zeros(0, np.int64), *(p.sources for p in self._pieces(held))]))

    def held(self, held: Slice) -> Held:
        # The sum of a random number for each weight tells lists apart: two that differ have the same sum modulo 2^64
        # with a probability of 2^-64.
        numbers = random_numbers(self._projection.weights.shape).ravel()
        size = self._program.size_of(self._projection.source)
        entries, sums = np.zeros(size, np.int64), np.zeros(size, np.uint64)
        for piece in self._pieces(held):
            entries += np.bincount(piece.sources, minlength=size)
            np.add.at(sums, piece.sources, numbers[piece.places])
        sources = np.flatnonzero(entries)
        _, first = np.unique(sums[sources], return_index=True)
        _, rows, columns = planes(self._program.shape_of(self._projection.source))
        axons = np.unique(sources % (rows * columns)).size
        return Held(entries[sources[first]], int(entries.sum()), len(sources), axons)

    def into_each(self) -> Int64Array:
        lists = SynapseLists(self._program, self._projection)
        found = np.zeros(lists.shape[0], np.int64)
        for piece in lists.pieces():
            found += np.bincount(piece.targets, minlength=len(found))
        return found

    def _pieces(self, held: Slice) -> Iterator[Synapses]:
        lists = SynapseLists(self._program, self._projection)
        for first, last in held.runs():
            yield from lists.pieces(first, last)


def _counted(sources: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return the different source neurons, ascending, and how often each occurs."""
    first = int(sources.min(initial=0)) if sources.size else 0
    span = int(sources.max(initial=0)) - first + 1
    if span > SPAN * sources.size:
        found, counts = np.unique(sources, return_counts=True)
        return found, np.asarray(counts, np.int64)
    each = np.bincount(sources - first, minlength=1)
    found = np.flatnonzero(each)
    return found + first, np.asarray(each[found], np.int64)
