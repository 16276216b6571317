"""Lower bounds on what the cuts below a node of the search can cost, from minimum cuts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from neurotool.arrays import BoolArray, Float64Array
from neurotool.passes.partition.goal import Limits, Objective
from neurotool.passes.partition.mincut import MinimumCut
from neurotool.passes.partition.problem import ENERGY, LATENCY, METRICS, Additive, CutProblem

ROUNDS = 12
"""Multipliers to try for a limit. The dual of one limit is a line search over few break points."""


@dataclass
class Found:
    """What the minimum cuts of one node of the search gave.

    Attributes:
        bound: No cut below the node has a smaller objective.
        seen: Assignments that attained one of the minima.
    """

    bound: float
    seen: list[BoolArray] = field(default_factory=list)


class Bounds:
    """Bounds the objective from additive costs that never exceed the true one.

    Args:
        problem: What may be chosen.
        additives: The additive costs; each is a bound, and the largest counts.
        objective: What is made small.
        limits: What must be kept.
    """

    def __init__(
        self, problem: CutProblem, additives: Sequence[Additive], objective: Objective, limits: Limits
    ) -> None:
        self._problem, self._objective, self._limits = problem, objective, limits.array
        self._cuts = [MinimumCut(problem, additive) for additive in additives]

    def below(self, fixed: Mapping[int, bool], most: float, at: Float64Array) -> Found:
        """Bound all cuts in which some units are fixed.

        Args:
            fixed: The units and their sides.
            most: Objective above which nothing is of interest.
            at: Metrics of the best cut known, which say how energy and latency are traded.
        """
        found, values = Found(-np.inf), []
        for cut in self._cuts:
            bound = self._product(cut, fixed, at, found) if self._objective is Objective.EDP else self._single(
                cut, fixed, self._weights(), most, found)  # fmt: skip
            values.append(bound)
        found.bound = max(values)
        # What limits the time of all cuts mostly limits that of the cuts below, too; any one of the costs is a bound.
        self._cuts = [self._cuts[int(np.argmax(values))]]
        return found

    def _weights(self) -> Float64Array:
        weights = np.zeros(len(METRICS))
        weights[LATENCY if self._objective is Objective.LATENCY else ENERGY] = 1.0
        return weights

    def _single(
        self, cut: MinimumCut, fixed: Mapping[int, bool], weights: Float64Array, most: float, found: Found
    ) -> float:
        """Bound a weighted sum of metrics under every limit, one at a time."""
        bound, first = cut.solve(weights, fixed, most)
        if not np.isfinite(bound):
            return bound
        found.seen.append(first)
        for metric in np.flatnonzero(np.isfinite(self._limits)):
            bound = max(bound, self._limited(cut, fixed, weights, int(metric), first, found))
        return bound

    def _limited(
        self, cut: MinimumCut, fixed: Mapping[int, bool], weights: Float64Array, metric: int, first: BoolArray,
        found: Found,
    ) -> float:  # fmt: skip
        """Bound under one limit: the largest value of the Lagrangian dual, found from both ends.

        A multiplier is tried where the lines of the best assignment within the limit and the best beyond it meet.
        """
        limit, costs = self._limits[metric], cut.additive.cost
        beyond = costs(self._problem, first)
        best = float(beyond @ weights)
        if beyond[metric] <= limit:
            return -np.inf
        axis = np.zeros(len(METRICS))
        axis[metric] = 1.0
        least, within = cut.solve(axis, fixed)
        if least > limit:
            return np.inf
        inside, bound = costs(self._problem, within), best
        found.seen.append(within)
        for _ in range(ROUNDS):
            gain = beyond[metric] - inside[metric]
            if gain <= 0:
                break
            multiplier = max(float((inside - beyond) @ weights) / gain, 0.0)
            value, chosen = cut.solve(weights + multiplier * axis, fixed)
            found.seen.append(chosen)
            bound = max(bound, value - multiplier * limit)
            next_cost = costs(self._problem, chosen)
            line = float(next_cost @ weights) + multiplier * next_cost[metric]
            if line >= float(inside @ weights) + multiplier * inside[metric] - abs(line) * 1e-9:
                break
            if next_cost[metric] <= limit:
                inside = next_cost
            else:
                beyond = next_cost
        return bound

    def _product(self, cut: MinimumCut, fixed: Mapping[int, bool], at: Float64Array, found: Found) -> float:
        """Bound energy times latency: the smallest product at a corner of what three minima leave of the plane.

        A product of positive numbers is quasi-concave, so that its minimum over a polygon lies at a corner.
        """
        least = []
        for metric in (ENERGY, LATENCY):
            axis = np.zeros(len(METRICS))
            axis[metric] = 1.0
            value = self._single(cut, fixed, axis, np.inf, found)
            if not np.isfinite(value):
                return value
            least.append(value)
        energy, latency = least
        slope = at[ENERGY] / at[LATENCY] if at[LATENCY] > 0 else 1.0
        both = np.zeros(len(METRICS))
        both[[ENERGY, LATENCY]] = 1.0, slope
        total, chosen = cut.solve(both, fixed)
        found.seen.append(chosen)
        corners = (energy, max((total - energy) / slope, latency)), (max(total - slope * latency, energy), latency)
        return min(a * b for a, b in corners)
