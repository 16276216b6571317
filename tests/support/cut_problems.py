"""Random choices of a cut, and the answer by trying all of them."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from neurotool.ir.costs import CutCost
from neurotool.passes.partition.problem import METRICS, Additive, CutProblem, Unit, Value, metrics_of


def problem_of(rng: np.random.Generator, units: int, values: int) -> CutProblem:
    """Units in a line, values that go forward and fan out, and a few that require each other."""
    fixed = rng.choice([None, True, False], size=units, p=[0.8, 0.1, 0.1])
    made = tuple(Unit((str(i),), None if side is None else bool(side)) for i, side in enumerate(fixed))
    pairs = {(int(a), int(rng.integers(a + 1, units))) for a in rng.integers(0, units - 1, units // 4)}
    requires = tuple((a, b) for a, b in sorted(pairs) if made[a].fixed is None and made[b].fixed is None)
    return CutProblem(made, tuple(_value(rng, units, i) for i in range(values)), requires)


def _value(rng: np.random.Generator, units: int, number: int) -> Value:
    maker = int(rng.integers(-1, units - 1))
    takers = sorted({int(t) for t in rng.integers(maker + 1, units, rng.integers(0, 4))})
    return Value(str(number), None if maker < 0 else maker, tuple(takers), bool(rng.random() < 0.2))


def additive_of(rng: np.random.Generator, problem: CutProblem) -> Additive:
    """Costs between 0 and 1, cores on the chip alone."""
    units, values = len(problem.units), len(problem.values)
    core, cross = np.array([1.0, 1.0, 3.0]), np.array([0.5, 0.5, 0.0])
    return Additive(
        chip=rng.random((units, len(METRICS))) * core,
        dense=rng.random((units, len(METRICS))) * [1.0, 1.0, 0.0],
        enter=rng.random((values, len(METRICS))) * cross,
        leave=rng.random((values, len(METRICS))) * cross,
        slowest=rng.random(units) * rng.integers(0, 2, units),
        second=np.array([0.7, 1.0, 0.0]),
        base=np.array([0.1, 0.2, 0.0]),
    )


def legal_cuts(problem: CutProblem) -> list[np.ndarray]:
    """Every legal assignment."""
    every = (np.array(sides) for sides in itertools.product((False, True), repeat=len(problem.units)))
    return [on_chip for on_chip in every if problem.legal(on_chip)]


def best_of(problem: CutProblem, truth, objective, limits) -> float:
    """The smallest objective of all legal cuts within the limits; infinity if there is none."""
    costs = [truth(on_chip) for on_chip in legal_cuts(problem)]
    return min((objective.figure(metrics_of(c)) for c in costs if limits.keeps(c)), default=np.inf)


def as_cost(metrics: np.ndarray) -> CutCost:
    return CutCost(*(float(m) for m in metrics))


generators = st.integers(0, 10**6).map(np.random.default_rng)
