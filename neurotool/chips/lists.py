"""Which source neurons reach a slice of a population through a projection, and what lists of synapses that takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from neurotool.chips.kernels import KernelLists, random_numbers
from neurotool.ir.connectivity import planes
from neurotool.ir.placement import Slice
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Projection
from neurotool.synapses.expand import PIECE, SynapseLists

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Held:
    """What a slice holds of a projection.

    Attributes:
        stored: Entries of each list to be stored.
        synapses: Synapses with a weight other than zero.
        sources: Source neurons with a synapse here.
        axons: Input axons that they need.
    """

    stored: IntArray
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
        self._listed: _Form = _Listed(program, projection)
        self._form: _Form = self._listed
        self._grid = program.size_of(projection.target), 1, 1
        if isinstance(projection.connectivity, Convolution):
            self._grid = planes(program.shape_of(projection.target))
            self._form = _Image(program, projection)
        elif isinstance(projection.connectivity, AllToAll):
            self._form = _Matrix(projection.weights)

    def reach(self, held: Slice) -> tuple[IntArray, IntArray]:
        """Return the source neurons with a synapse on a slice, ascending, and how many synapses each has there."""
        return self._of(held).reach(held)

    def held(self, held: Slice) -> Held:
        """Return what a slice holds."""
        return self._of(held).held(held)

    def _of(self, held: Slice) -> _Form:
        # A convolution knows boxes of its own image; neurons cut in another way are looked up one by one.
        return self._form if not isinstance(self._form, _Image) or held.grid == self._grid else self._listed


class _Form(Protocol):
    def reach(self, held: Slice) -> tuple[IntArray, IntArray]: ...

    def held(self, held: Slice) -> Held: ...


class _Matrix:
    """A weight for every pair of neurons."""

    def __init__(self, weights: IntArray) -> None:
        self._weights = weights
        self._full = np.count_nonzero(weights) == weights.size

    def reach(self, held: Slice) -> tuple[IntArray, IntArray]:
        counts = self._counts(held)
        sources = np.flatnonzero(counts)
        return sources, counts[sources]

    def held(self, held: Slice) -> Held:
        counts = self._counts(held)
        sources = int(np.count_nonzero(counts))
        return Held(counts, int(counts.sum()), sources, sources)

    def _counts(self, held: Slice) -> IntArray:
        width = self._weights.shape[1]
        if self._full:
            return np.full(width, held.size, np.int64)
        counts, step = np.zeros(width, np.int64), max(1, PIECE // width)
        for first, last in held.runs():
            for begin in range(first, last, step):
                counts += np.count_nonzero(self._weights[begin : min(begin + step, last)], axis=0)
        return counts


class _Image:
    """A convolution, cut into boxes of its image."""

    def __init__(self, program: ChipProgram, projection: Projection) -> None:
        form = projection.connectivity
        assert isinstance(form, Convolution)
        self._kernels = KernelLists(planes(program.shape_of(projection.source)), form, projection.weights)

    def reach(self, held: Slice) -> tuple[IntArray, IntArray]:
        return self._kernels.reach(held.channels, held.rows, held.columns)

    def held(self, held: Slice) -> Held:
        return Held(*self._kernels.lists(held.channels, held.rows, held.columns))


class _Listed:
    """Any projection, synapse by synapse."""

    def __init__(self, program: ChipProgram, projection: Projection) -> None:
        self._program, self._projection = program, projection
        self._lists: SynapseLists | None = None
        self._shared = isinstance(projection.connectivity, Convolution)

    def reach(self, held: Slice) -> tuple[IntArray, IntArray]:
        sources = [np.zeros(0, np.int64), *(found for found, _ in self._synapses(held))]
        found, counts = np.unique(np.concatenate(sources), return_counts=True)
        return found, np.asarray(counts, np.int64)

    def held(self, held: Slice) -> Held:
        if not self._shared:
            sources, counts = self.reach(held)
            return Held(counts, int(counts.sum()), len(sources), len(sources))
        # The sum of a random number for each weight tells lists apart: two that differ have the same sum modulo 2^64
        # with a probability of 2^-64.
        numbers = random_numbers(self._projection.weights.shape).ravel()
        size = self._program.size_of(self._projection.source)
        entries, sums = np.zeros(size, np.int64), np.zeros(size, np.uint64)
        for sources, places in self._synapses(held):
            entries += np.bincount(sources, minlength=size)
            np.add.at(sums, sources, numbers[places])
        sources = np.flatnonzero(entries)
        _, first = np.unique(sums[sources], return_index=True)
        _, rows, columns = planes(self._program.shape_of(self._projection.source))
        axons = np.unique(sources % (rows * columns)).size
        return Held(entries[sources[first]], int(entries.sum()), len(sources), axons)

    def _synapses(self, held: Slice) -> list[tuple[IntArray, IntArray]]:
        if self._lists is None:
            self._lists = SynapseLists(self._program, self._projection)
        lists = self._lists
        return [(p.sources, p.places) for first, last in held.runs() for p in lists.pieces(first, last)]
