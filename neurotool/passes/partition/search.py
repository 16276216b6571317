"""Finds the best cut by its true cost: branch and bound over the units, with minimum cuts as the bound."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from neurotool.arrays import BoolArray
from neurotool.ir.costs import CutCost
from neurotool.passes.partition.bounds import Bounds
from neurotool.passes.partition.goal import Limits, Objective
from neurotool.passes.partition.problem import METRICS, Additive, CutProblem, metrics_of

TOLERANCE = 1e-5
"""Relative difference between answer and bound that counts as none: what rounding may do to a large minimum cut."""

POLISH_SHARE = 0.2
"""Share of the time that may go into improving the first answer, one unit at a time."""

Truth = Callable[[BoolArray], CutCost]
"""Costs one assignment. It must not be below any additive cost of the same assignment."""

Accept = Callable[[BoolArray], bool]
"""Whether an assignment is good enough in what cannot be bounded, such as accuracy."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The best cut found.

    Attributes:
        on_chip: Side of every unit; None where no legal cut keeps the limits, or none was found in time.
        cost: What it costs.
        bound: No cut within the limits has a smaller objective.
        gap: How far the answer may be above the best one, as a share of the answer; 0 where it is the best.
        complete: Whether the search ended by itself; with no answer, there is none then.
        evaluated: Assignments whose true cost was found.
        seconds: Time taken.
    """

    on_chip: BoolArray | None
    cost: CutCost | None
    bound: float
    gap: float
    complete: bool
    evaluated: int
    seconds: float


@dataclass
class _Search:
    problem: CutProblem
    truth: Truth
    objective: Objective
    limits: Limits
    accept: Accept | None
    deadline: float
    costs: dict[bytes, CutCost] = field(default_factory=dict)
    best: BoolArray | None = None
    cost: CutCost | None = None
    value: float = np.inf

    @property
    def late(self) -> bool:
        return time.perf_counter() > self.deadline

    def consider(self, on_chip: BoolArray) -> bool:
        """Take an assignment if it is legal and better than the best so far."""
        key = on_chip.tobytes()
        if key in self.costs or not self.problem.legal(on_chip):
            return False
        cost = self.costs[key] = self.truth(on_chip)
        value = self.objective.figure(metrics_of(cost))
        if value >= self.value or not self.limits.keeps(cost) or (self.accept is not None and not self.accept(on_chip)):
            return False
        self.best, self.cost, self.value = on_chip.copy(), cost, value
        return True

    def polish(self, until: float) -> None:
        """Change the side of one unit at a time, with all that this entails, while it pays."""
        better = self.best is not None
        while better:
            better = False
            for unit in self.problem.free:
                if time.perf_counter() > until:
                    return
                assert self.best is not None
                better |= self.consider(flipped(self.problem, self.best, unit))


def solve(
    problem: CutProblem,
    additives: Sequence[Additive],
    truth: Truth,
    objective: Objective,
    limits: Limits | None = None,
    *,
    accept: Accept | None = None,
    seconds: float = 10.0,
    starts: Iterable[BoolArray] = (),
) -> Answer:
    """Find the legal cut with the smallest objective.

    Args:
        problem: What may be chosen.
        additives: Lower bounds of the true cost.
        truth: The true cost of an assignment.
        objective: What to make small.
        limits: What to keep.
        accept: A further condition, asked only of assignments that would be the best so far.
        seconds: Time after which the best answer so far is returned.
        starts: Assignments to begin with, beside everything and nothing on the chip.
    """
    began = time.perf_counter()
    kept = limits or Limits()
    search = _Search(problem, truth, objective, kept, accept, began + seconds)
    for start in (nothing(problem), everything(problem), *starts):
        search.consider(start)
    tree = _Tree(search, Bounds(problem, additives, objective, kept))
    tree.add({}, -np.inf)
    if not tree.done:
        search.polish(began + POLISH_SHARE * seconds)
    while not tree.done and not search.late:
        tree.split()
    bound, complete = float(min(tree.bound, search.value)), bool(tree.done)
    gap = 0.0 if complete or search.best is None else max(0.0, 1 - bound / search.value) if search.value > 0 else 0.0
    return Answer(
        search.best, search.cost, bound, gap, complete, len(search.costs), time.perf_counter() - began
    )  # fmt: skip


class _Tree:
    """Nodes of the search, the one with the smallest bound first."""

    def __init__(self, search: _Search, bounds: Bounds) -> None:
        self._search, self._bounds = search, bounds
        self._numbers = count()
        self._open: list[tuple[float, int, dict[int, bool], BoolArray]] = []

    def add(self, fixed: dict[int, bool], parent: float) -> None:
        """Bound the cuts in which some units are fixed, and keep the node if they may hold a better one."""
        search = self._search
        at = np.zeros(len(METRICS)) if search.cost is None else metrics_of(search.cost)
        found = self._bounds.below(fixed, search.value, at)
        for on_chip in found.seen:
            search.consider(on_chip)
        if found.seen:
            heapq.heappush(self._open, (max(found.bound, parent), next(self._numbers), fixed, found.seen[0]))

    @property
    def bound(self) -> float:
        """No cut that is left is better."""
        return self._open[0][0] if self._open else np.inf

    @property
    def done(self) -> bool:
        """Whether no cut that is left is better than the best one by more than rounding."""
        return not self._open or self.bound >= self._search.value * (1 - TOLERANCE)

    def split(self) -> None:
        """Replace the first node by two in which one more unit is decided."""
        bound, _, fixed, chosen = heapq.heappop(self._open)
        unit = _pick(self._search, fixed, chosen)
        if unit is None:
            return
        for side in (bool(chosen[unit]), not chosen[unit]):
            child = implied(self._search.problem, fixed, unit, side)
            if child is not None:
                self.add(child, bound)


def _pick(search: _Search, fixed: Mapping[int, bool], chosen: BoolArray) -> int | None:
    """Choose the unit to decide next: one on which the bound and the best answer disagree, else the first."""
    free = [unit for unit in search.problem.free if unit not in fixed]
    disputed = [unit for unit in free if search.best is not None and chosen[unit] != search.best[unit]]
    return next(iter(disputed or free), None)


def nothing(problem: CutProblem) -> BoolArray:
    """The assignment with as little on the chip as is legal."""
    on_chip = np.zeros(len(problem.units), np.bool_)
    for unit in (i for i, unit in enumerate(problem.units) if unit.fixed):
        on_chip |= flipped(problem, on_chip, unit) if not on_chip[unit] else False
    return on_chip


def everything(problem: CutProblem) -> BoolArray:
    """The assignment with as much on the chip as is legal."""
    on_chip = np.ones(len(problem.units), np.bool_)
    for unit in (i for i, unit in enumerate(problem.units) if unit.fixed is False):
        on_chip &= flipped(problem, on_chip, unit) if on_chip[unit] else True
    return on_chip


def flipped(problem: CutProblem, on_chip: BoolArray, unit: int) -> BoolArray:
    """Change the side of a unit and of all units that must then change with it."""
    changed, side = on_chip.copy(), not on_chip[unit]
    waiting = [unit]
    while waiting:
        number = waiting.pop()
        changed[number] = side
        waiting += [other for other in _drawn(problem, number, side) if changed[other] != side]
    return changed


def implied(problem: CutProblem, fixed: Mapping[int, bool], unit: int, side: bool) -> dict[int, bool] | None:
    """Fix a unit and what follows from that; None where it contradicts what is fixed."""
    done = dict(fixed)
    waiting = [unit]
    while waiting:
        number = waiting.pop()
        known = problem.units[number].fixed if number not in done else done[number]
        if known is not None and known != side:
            return None
        if number not in done:
            done[number] = side
            waiting += _drawn(problem, number, side)
    return done


def _drawn(problem: CutProblem, unit: int, side: bool) -> list[int]:
    """Units that must be on a side because another one is."""
    return [b if side else a for a, b in problem.requires if (a if side else b) == unit]
