"""Finds the cheapest legal assignment of an additive cost by a minimum cut.

Source and sink stand for chip and torch; an arc is paid for where it leads from a node on the chip's side to one on the
other. A value that fans out has a node of its own that follows the first of its takers, so that it is paid for once.
The same construction serves the slowest unit, with a node for every step of time. Method after Picard, "Maximal closure
of a graph" (Management Science 22, 1976), and Kolmogorov and Zabih, "What energy functions can be minimized via graph
cuts?" (IEEE PAMI 26, 2004).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from neurotool.arrays import BoolArray, Float64Array
from neurotool.passes.partition.problem import Additive, CutProblem

CHIP, TORCH, GATE = 0, 1, 2
FIRST_UNIT = 3
"""Nodes of the network: the two sides, what all flow passes through so that it stays in 32 bits, and the units."""

NEVER = 1 << 30
"""Capacity of an arc that no cut may cross. Capacities are 32-bit integers, and a residual one adds a flow to it."""

MOST = 1 << 29
"""Capacity that stands for the most expensive cut of interest."""

FINER, MARGIN = 0.5, 1e-6
"""Share of the expected cost below which rounding is refined, and what the new expectation has to spare."""


class MinimumCut:
    """Solves one additive cost for any weights of its metrics and any units that are fixed further.

    Args:
        problem: What may be chosen.
        additive: What it costs.
    """

    def __init__(self, problem: CutProblem, additive: Additive) -> None:
        self.problem, self.additive = problem, additive
        self._arcs: list[tuple[int, int]] = []
        self._costs: list[Float64Array | None] = []
        self._nodes = FIRST_UNIT + len(problem.units)
        self._arc(GATE, CHIP, None)
        for unit in range(len(problem.units)):
            self._arc(CHIP, FIRST_UNIT + unit, additive.dense[unit])
            self._arc(FIRST_UNIT + unit, TORCH, additive.chip[unit])
        for a, b in problem.requires:
            self._arc(FIRST_UNIT + a, FIRST_UNIT + b, None)
        for number in range(len(problem.values)):
            self._crossing(number)
        for island in problem.islands:
            self._slowest(island)
        self._freeze()

    def _arc(self, start: int, end: int, cost: Float64Array | None) -> None:
        self._arcs.append((start, end))
        self._costs.append(cost)

    def _node(self) -> int:
        self._nodes += 1
        return self._nodes - 1

    def _crossing(self, number: int) -> None:
        value = self.problem.values[number]
        maker = TORCH if value.maker is None else FIRST_UNIT + value.maker
        for units, always in self.problem.arrivals(value):
            start = self._first_of([FIRST_UNIT + unit for unit in units])
            self._arc(start, TORCH if always else maker, self.additive.enter[number])
        if maker == TORCH:
            return
        if value.outside or value.apart:
            self._arc(maker, TORCH, self.additive.leave[number])
        elif value.takers:
            self._arc(maker, self._all_of([FIRST_UNIT + taker for taker in value.takers]), self.additive.leave[number])

    def _first_of(self, units: list[int]) -> int:
        """A node that is on the chip's side if any of some units is."""
        if len(units) == 1:
            return units[0]
        node = self._node()
        for unit in units:
            self._arc(unit, node, None)
        return node

    def _all_of(self, units: list[int]) -> int:
        """A node that is on the chip's side only if all of some units are."""
        if len(units) == 1:
            return units[0]
        node = self._node()
        for unit in units:
            self._arc(node, unit, None)
        return node

    def _slowest(self, island: tuple[int, ...]) -> None:
        slowest = self.additive.slowest
        times = np.unique([slowest[unit] for unit in island if slowest[unit] > 0])
        nodes = [self._node() for _ in times]
        for i, node in enumerate(nodes):
            below = times[i - 1] if i else 0.0
            self._arc(node, TORCH, (times[i] - below) * self.additive.second)
            if i:
                self._arc(node, nodes[i - 1], None)
        for unit in island:
            if slowest[unit] > 0:
                self._arc(FIRST_UNIT + unit, nodes[int(np.searchsorted(times, slowest[unit]))], None)

    def _freeze(self) -> None:
        """Sort the arcs as scipy stores them; parallel arcs become one."""
        keys = np.array([start * self._nodes + end for start, end in self._arcs], np.int64)
        self._keys, self._place = np.unique(keys, return_inverse=True)
        rows, ends = np.divmod(self._keys, self._nodes)
        self._ends = ends.astype(np.int32)
        self._pointers = np.searchsorted(rows, np.arange(self._nodes + 1)).astype(np.int32)
        zero = np.zeros(self.additive.base.size)
        self._metric = np.array([zero if cost is None else cost for cost in self._costs])
        self._starts, self._stops = np.array(self._arcs).T
        self._forced = np.array([cost is None for cost in self._costs])

    def solve(self, weights: Float64Array, fixed: Mapping[int, bool], most: float = np.inf) -> tuple[float, BoolArray]:
        """Find the assignment with the least weighted cost.

        Args:
            weights: Weight of each metric.
            fixed: Units that are decided, beside those of the problem.
            most: Cost above which nothing is of interest.

        Returns:
            A lower bound on the cost of every legal assignment (infinite where all cost more than ``most``), and an
            assignment that attains it up to rounding.
        """
        base, costs = float(self.additive.base @ weights), self._metric @ weights
        room = most - base if np.isfinite(most) else float(costs.sum()) or 1.0
        if room <= 0:
            return np.inf, np.zeros(len(self.problem.units), np.bool_)
        flow, chosen = self._flow(costs, room, fixed)
        paid = float(costs[chosen[self._starts] & ~chosen[self._stops]].sum())
        if flow < paid < room * FINER:  # the cut is far below what was expected: once more, with finer rounding
            flow, chosen = self._flow(costs, room := paid * (1 + MARGIN), fixed)
        return base + flow, chosen[FIRST_UNIT : FIRST_UNIT + len(self.problem.units)]

    def _flow(self, costs: Float64Array, room: float, fixed: Mapping[int, bool]) -> tuple[float, BoolArray]:
        """Solve with costs rounded down to integers, in which ``room`` is the largest one."""
        scale = MOST / room
        network = self._network(np.minimum(costs * scale, MOST).astype(np.int64), fixed)
        found = maximum_flow(network, GATE, TORCH)
        residual = csr_array(network - found.flow)
        residual.eliminate_zeros()
        chosen = np.zeros(self._nodes, np.bool_)
        chosen[breadth_first_order(residual, CHIP, return_predecessors=False)] = True
        return (found.flow_value / scale if found.flow_value < MOST else np.inf), chosen

    def _network(self, paid: npt.NDArray[np.int64], fixed: Mapping[int, bool]) -> csr_array:
        capacity = np.bincount(self._place, np.where(self._forced, NEVER, paid), len(self._keys))
        capacity[self._position(GATE, CHIP)] = MOST
        decided = {i: unit.fixed for i, unit in enumerate(self.problem.units) if unit.fixed is not None} | dict(fixed)
        for unit, on in decided.items():
            capacity[self._position(*((CHIP, FIRST_UNIT + unit) if on else (FIRST_UNIT + unit, TORCH)))] = NEVER
        arcs = (np.minimum(capacity, NEVER).astype(np.int32), self._ends, self._pointers)
        return csr_array(arcs, shape=(self._nodes, self._nodes))

    def _position(self, start: int, end: int) -> int:
        return int(np.searchsorted(self._keys, start * self._nodes + end))
