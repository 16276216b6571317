"""Cuts populations into slices that fit a core.

A population that a convolution reads or writes is an image and is cut into boxes of channels, rows and columns: its
neighbours share kernels and hear the same sources. Any other is cut into ranges of neurons.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from neurotool.chips import Chip
from neurotool.chips.needs import Need, Needs
from neurotool.ir.connectivity import planes
from neurotool.ir.placement import Range, Slice
from neurotool.ir.program import ChipProgram, Convolution

Parts = tuple[int, int, int]
"""How many pieces channels, rows and columns are cut into."""


@dataclass(frozen=True)
class Cut:
    """A population in slices.

    Attributes:
        parts: Pieces along channels, rows and columns.
        slices: The slices, in the order of their channels, rows and columns.
        needs: What each needs.
        fits: Whether every slice fits a core.
    """

    parts: Parts
    slices: tuple[Slice, ...]
    needs: tuple[Need, ...]
    fits: bool

    @property
    def messages(self) -> float:
        """Spikes that arrive at all slices in a step."""
        return sum(need.messages for need in self.needs)


class Cutter:
    """Cuts the populations of a program for a chip.

    Args:
        program: The program.
        chip: The chip.
        needs: What slices need.
    """

    def __init__(self, program: ChipProgram, chip: Chip, needs: Needs) -> None:
        self._program, self._limits, self._needs = program, chip.limits, needs
        images = {
            name
            for p in program.projections.values()
            if isinstance(p.connectivity, Convolution)
            for name in (p.source, p.target)
        }
        self._grids: dict[str, Parts] = {
            name: planes(population.shape) if name in images else (population.size, 1, 1)
            for name, population in program.populations.items()
        }
        self._known: dict[tuple[str, Parts], Cut] = {}
        self._loads: dict[str, np.ndarray] = {}

    def grid(self, name: str) -> Parts:
        """Size of the grid that a population is cut on."""
        return self._grids[name]

    def fits(self, need: Need) -> bool:
        """Say whether a core of its own has room for a slice."""
        limits = self._limits
        return (
            need.neurons <= limits.neurons_per_core.value
            and need.synapse_bits <= limits.synapse_bits_per_core.value
            and need.in_axons <= limits.in_axons_per_core.value
        )

    def cut(self, name: str, parts: Parts) -> Cut:
        """Cut a population into so many pieces along each axis: an image evenly, ranges of neurons by their load."""
        if (name, parts) not in self._known:
            self._known[name, parts] = self._cut(name, self._boxes(name, parts), parts)
        return self._known[name, parts]

    def coarsest(self, name: str) -> Cut:
        """Return the cut with the fewest slices found that fit a core; where a neuron does not, that neuron alone."""
        return self._ranges(name) if self._grids[name][1:] == (1, 1) else self._fewest_boxes(name)

    def _cut(self, name: str, boxes: Iterator[Slice], parts: Parts) -> Cut:
        slices = tuple(boxes)
        needs = tuple(self._needs.of(box) for box in slices)
        return Cut(parts, slices, needs, all(map(self.fits, needs)))

    def _boxes(self, name: str, parts: Parts) -> Iterator[Slice]:
        grid = self._grids[name]
        if grid[1:] == (1, 1):
            yield from (Slice(name, grid, each) for each in self._by_load(name, parts[0]))
        else:
            axes = [_evenly(size, count) for size, count in zip(grid, parts, strict=True)]
            yield from (Slice(name, grid, *box) for box in product(*axes))

    def _by_load(self, name: str, count: int) -> list[Range]:
        """Cut neurons into ranges with as equal a number of synaptic operations as their order allows."""
        if name not in self._loads:
            self._loads[name] = np.concatenate([[0.0], np.cumsum(self._load(name))])
        before, size = self._loads[name], self._grids[name][0]
        middle = (before[:-1] + before[1:]) / 2  # to the left of it a share ends before the neuron, else after it
        inner = np.searchsorted(middle, before[-1] * np.arange(1, count) / count)
        # Every range keeps at least one neuron.
        low, high = np.arange(1, count), np.arange(size - count + 1, size)
        ends = [0, *np.clip(np.maximum.accumulate(np.maximum(inner - low, 0)) + low, low, high).tolist(), size]
        return [(first, last) for first, last in pairwise(ends)]

    def _load(self, name: str) -> np.ndarray:
        """Synaptic operations of each neuron in a step, and a little more so that none is free."""
        load = np.full(self._grids[name][0], 1e-6)
        for projection in self._program.projections_into(name):
            load += self._needs.lists[projection.name].into_each() * self._needs.rates[projection.source]
        return load

    def _ranges(self, name: str) -> Cut:
        """Fill one core after the other, then even the load out over as many cores if that fits too."""
        size = self._grids[name][0]
        found, first, guess = list[Slice](), 0, 1
        while first < size:
            last = self._fill(name, first, guess)
            found.append(Slice.flat(name, size, first, last))
            if not self.fits(self._needs.of(found[-1])):
                return self._cut(name, iter(found[-1:]), self._grids[name])
            first, guess = last, last - first
        even = self.cut(name, (len(found), 1, 1))
        if not even.fits:
            self._known[name, even.parts] = even = self._cut(name, iter(found), even.parts)
        return even

    def _fill(self, name: str, first: int, guess: int) -> int:
        """Return the end of the longest range from ``first`` that fits a core, but of one neuron at least.

        The search widens from a guess, the length of the range before: neighbours mostly take as many.
        """
        size = self._grids[name][0]
        end = min(first + self._limits.neurons_per_core.value, size)

        def too_many(last: int) -> bool:
            return not self.fits(self._needs.of(Slice.flat(name, size, first, last)))

        fits, over, last, stride = first, end + 1, min(first + guess, end), 1
        while fits < last < over:
            if too_many(last):
                over, last = last, last - stride
            else:
                fits, last = last, min(last + stride, end)
            stride *= 2
        return max(bisect_left(range(over), True, lo=fits + 1, key=too_many) - 1, first + 1)

    def _fewest_boxes(self, name: str) -> Cut:
        """Try numbers of channel and row pieces, each with as few column pieces as fit. Fewer messages win ties."""
        best: Cut | None = None
        channels, rows, columns = self._grids[name]
        for c, r in product(_counts(channels), _counts(rows)):
            if best is not None and c * r > len(best.slices):
                continue
            for k in self._columns(name, (c, r), columns):
                if best is not None and c * r * k > len(best.slices):
                    break
                found = self.cut(name, (c, r, k))
                if found.fits:
                    if best is None or (len(found.slices), found.messages) < (len(best.slices), best.messages):
                        best = found
                    break
        return best or self._unfit(name)

    def _unfit(self, name: str) -> Cut:
        """Return a neuron that fits no core: the one in the middle if it does not, or else the first."""
        grid = self._grids[name]
        middle = self._middle(name, grid)
        alone = (Slice(name, grid, *box) for box in product(*(_evenly(size, size) for size in grid)))
        unfit = next(each for each in (middle, *alone) if not self.fits(self._needs.of(each)))
        return self._cut(name, iter([unfit]), grid)

    def _columns(self, name: str, parts: tuple[int, int], columns: int) -> list[int]:
        """Numbers of column pieces from the first at which the slice in the middle, usually the fullest, fits."""
        counts = _counts(columns)
        first = bisect_left(counts, True, key=lambda k: self.fits(self._needs.of(self._middle(name, (*parts, k)))))
        return counts[first:]

    def _middle(self, name: str, parts: Parts) -> Slice:
        grid = self._grids[name]
        axes = [_evenly(size, count)[count // 2] for size, count in zip(grid, parts, strict=True)]
        return Slice(name, grid, axes[0], axes[1], axes[2])


def _evenly(size: int, count: int) -> list[Range]:
    return [(i * size // count, (i + 1) * size // count) for i in range(count)]


def _counts(size: int) -> list[int]:
    """Numbers of pieces worth trying: the smallest for each length of the longest piece."""
    return sorted({-(-size // longest) for longest in range(1, size + 1)})
