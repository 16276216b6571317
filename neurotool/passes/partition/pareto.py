"""The cuts that no other cut beats: in energy and latency exactly, in accuracy among those that were looked at."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from neurotool.arrays import BoolArray
from neurotool.ir.costs import CutCost
from neurotool.passes.partition.goal import Limits, Objective
from neurotool.passes.partition.problem import Additive, CutProblem
from neurotool.passes.partition.search import Truth, solve

STEP = 1e-4
"""Relative step by which the latency must fall from one cut to the next."""


@dataclass(frozen=True, eq=False)
class Front:
    """Cuts in the order of rising energy and falling latency.

    Attributes:
        cuts: Assignments with their cost.
        complete: Whether none is missing.
    """

    cuts: tuple[tuple[BoolArray, CutCost], ...]
    complete: bool


def energy_latency_front(
    problem: CutProblem, additives: Sequence[Additive], truth: Truth, limits: Limits, *, seconds: float, most: int
) -> Front:
    """Find the cuts than which none takes less energy and less time: the least energy under a falling latency limit.

    Args:
        problem: What may be chosen.
        additives: Lower bounds of the true cost.
        truth: The true cost.
        limits: What to keep.
        seconds: Time for all of it.
        most: Largest number of cuts to find.
    """
    deadline = time.perf_counter() + seconds
    cuts: list[tuple[BoolArray, CutCost]] = []
    latency, complete = limits.latency, True
    while len(cuts) < most:
        left = deadline - time.perf_counter()
        if left <= 0:
            return Front(tuple(cuts), False)
        answer = solve(
            problem, additives, truth, Objective.ENERGY, Limits(latency, limits.cores), seconds=left,
            starts=[on_chip for on_chip, _ in cuts],
        )  # fmt: skip
        complete &= answer.complete
        if answer.on_chip is None or answer.cost is None:
            return Front(tuple(cuts), complete)
        cuts.append((answer.on_chip, answer.cost))
        latency = answer.cost.latency * (1 - STEP)
    return Front(tuple(cuts), False)


def all_cuts(problem: CutProblem, most: int) -> tuple[BoolArray, ...] | None:
    """List every legal assignment; None where there are more than ``most``."""
    if len(problem.free) >= most.bit_length():
        return None
    return tuple(_legal(problem))


def _legal(problem: CutProblem) -> Iterator[BoolArray]:
    start = np.array([bool(unit.fixed) for unit in problem.units])
    for sides in itertools.product((False, True), repeat=len(problem.free)):
        on_chip = start.copy()
        on_chip[list(problem.free)] = sides
        if problem.legal(on_chip):
            yield on_chip


def undominated(points: Sequence[Sequence[float]]) -> tuple[int, ...]:
    """Numbers of the points that no other point beats: smaller or equal in everything, and smaller in something."""
    rows = np.asarray(points, np.float64)
    beaten = [bool(np.any((rows <= row).all(axis=1) & (rows < row).any(axis=1))) for row in rows]
    return tuple(i for i, is_beaten in enumerate(beaten) if not is_beaten)
