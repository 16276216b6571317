"""Improves the order of cores by exchanging pairs, so that messages cross fewer tiles and chips.

The task is a quadratic assignment: the sum over pairs of cores of messages times distance. A visit to a core works out
what an exchange with every other core would save, from the traffic of the two alone, and makes the best one; when no
visit helps any longer, a few random exchanges start it anew.
"""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from neurotool.arrays import Float64Array, Int64Array
from neurotool.chips import Chip
from neurotool.passes.place.layout import Layout
from neurotool.passes.place.quality import judge, positions

WORK_PER_SECOND = 50_000_000
"""Products of messages and distances that are spent for each second of time."""

QUICK = 0.5
"""Seconds of work, at the rate above, for a layout that is not searched for."""

KICK = 3
"""Random exchanges where no single one helps."""


def near(layout: Layout, chip: Chip) -> Layout:
    """Order cores so that those which talk lie close together.

    The better of two orders, that of the network and the one with the narrowest traffic matrix (reverse Cuthill-McKee),
    is improved by exchanges until no single one helps or :data:`QUICK` is over.
    """
    both = sparse.csr_matrix(layout.traffic + layout.traffic.T)
    narrow = layout.ordered(csgraph.reverse_cuthill_mckee(both, symmetric_mode=True).astype(np.int64))
    start = min(layout, narrow, key=lambda each: judge(each, chip).cost)
    order, _ = exchanged(start, chip, QUICK, np.random.default_rng(0), float("inf"), again=False)
    found = start.ordered(order)
    return min(start, found, key=lambda each: judge(each, chip).cost)


def exchanged(
    layout: Layout, chip: Chip, seconds: float, rng: np.random.Generator, deadline: float, *, again: bool = True
) -> tuple[Int64Array, int]:
    """Look for a better order of cores.

    Args:
        layout: The layout.
        chip: Gives the grid and what a hop costs.
        seconds: Time to spend, as a number of steps.
        rng: Draws the cores to visit.
        deadline: Moment at which to stop in any case.
        again: Go on from a few random exchanges where no single one helps; otherwise stop there.

    Returns:
        The best order found, and the number of visits.
    """
    count = len(layout.cores)
    if count < 2:
        return np.arange(count), 0
    search = _Exchange(layout.traffic, _coordinates(count, chip))
    work = seconds * WORK_PER_SECOND
    best, cost, visits = search.place.copy(), search.cost, 0
    while work > 0 and time.monotonic() < deadline:
        improved = False
        for core in rng.permutation(count).tolist():
            improved |= search.visit(core)
            work -= search.work
            visits += 1
            if work <= 0 or time.monotonic() > deadline:
                break
        if search.cost < cost * (1 - 1e-12):
            best, cost = search.place.copy(), search.cost
        if not improved and not again:
            break
        if not improved:
            search.move_to(best)
            for _ in range(KICK):
                a, b = rng.choice(count, 2, replace=False).tolist()
                search.exchange(a, b)
    return np.argsort(best), visits


def _coordinates(count: int, chip: Chip) -> Float64Array:
    """Co-ordinates of places, ``[axis, place]``, so that the sum of the differences is the cost of a message."""
    row, column, chips = positions(count, chip)
    east, north = chip.costs.hop_east_west.si, chip.costs.hop_north_south.si
    return np.stack([row * north, (column - chips) * east, chips * chip.costs.crossing.si])


class _Exchange:
    """Cores on places.

    Attributes:
        place: Place of each core, ``[core]``.
        cost: Messages times distances, over all pairs.
    """

    def __init__(self, traffic: sparse.csr_array, coordinates: Float64Array) -> None:
        both = sparse.csr_array(traffic + traffic.T)
        both.setdiag(0)
        both.eliminate_zeros()
        self._traffic = both
        found = [np.unique(axis, return_inverse=True) for axis in coordinates]
        self._index = [inverse.ravel() for _, inverse in found]  # which of the few values of an axis a place has
        self._gaps = [np.abs(values[:, None] - values) for values, _ in found]
        self.move_to(np.arange(coordinates.shape[1]))

    def move_to(self, place: Int64Array) -> None:
        """Put every core on a place."""
        self.place = place.copy()
        a, b = self._traffic.nonzero()
        each = np.bincount(a, self._traffic.data * self._far(place[a], place[b]), minlength=len(place))
        self._own: Float64Array = np.asarray(each, np.float64)
        self.cost = float(self._own.sum()) / 2

    @property
    def work(self) -> int:
        """Products that a visit takes."""
        return int(self._traffic.nnz + 10 * len(self.place) + sum(gaps.size for gaps in self._gaps))

    def visit(self, core: int) -> bool:
        """Make the best exchange of a core with another, if it saves anything."""
        others, weights = self._row(core)
        here, there = self.place, self.place[others]
        moved = np.zeros(len(here), np.float64)  # what the core's messages cost from the place of every other
        for index, gaps in zip(self._index, self._gaps, strict=True):
            moved += np.asarray(
                (gaps @ np.bincount(index[there], weights, minlength=len(gaps)))[index[here]], np.float64
            )
        from_here = self._far(here, here[core])
        saved = self._own[core] + self._own - moved - self._traffic @ from_here
        saved[others] -= 2 * weights * from_here[others]
        saved[core] = 0
        other = int(np.argmax(saved))
        if saved[other] <= 1e-9 * self.cost:
            return False
        self.exchange(core, other)
        return True

    def exchange(self, a: int, b: int) -> None:
        """Exchange two cores."""
        before = self._own[a] + self._own[b]
        self._add((a, b), -1.0)
        self.place[a], self.place[b] = self.place[b], self.place[a]
        self._add((a, b), 1.0)
        for core in (a, b):
            others, weights = self._row(core)
            self._own[core] = weights @ self._far(self.place[others], self.place[core])
        # What the two send each other is counted twice on both sides, and is the same.
        self.cost += float(self._own[a] + self._own[b] - before)

    def _add(self, cores: tuple[int, int], sign: float) -> None:
        for core in cores:
            others, weights = self._row(core)
            self._own[others] += sign * weights * self._far(self.place[others], self.place[core])

    def _row(self, core: int) -> tuple[Int64Array, Float64Array]:
        inside = slice(self._traffic.indptr[core], self._traffic.indptr[core + 1])
        return self._traffic.indices[inside], self._traffic.data[inside]

    def _far(self, a: Int64Array, b: Int64Array | np.int64) -> Float64Array:
        """Cost of a message between places."""
        far = [gaps[index[a], index[b]] for index, gaps in zip(self._index, self._gaps, strict=True)]
        return np.asarray(sum(far), np.float64)
