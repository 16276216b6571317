"""The chosen cut against all legal cuts, one by one."""

import numpy as np
import pytest
from cut_problems import additive_of, as_cost, best_of, generators, legal_cuts, problem_of
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.ir.costs import CutCost
from neurotool.passes.partition import Additive, CutProblem, Limits, Objective, Unit, Value, solve
from neurotool.passes.partition.mincut import MinimumCut
from neurotool.passes.partition.pareto import all_cuts, energy_latency_front, undominated
from neurotool.passes.partition.problem import metrics_of
from neurotool.passes.partition.search import everything, flipped, nothing

CHOICES = (Objective.ENERGY, Objective.LATENCY, Objective.EDP)
CLOSE = 2e-5


def figure_of(answer, objective):
    return np.inf if answer.cost is None else objective.figure(metrics_of(answer.cost))


@settings(max_examples=60, deadline=None)
@given(generators, st.integers(2, 9))
def test_a_minimum_cut_finds_the_best_of_all_cuts_for_additive_costs(rng, units):
    problem = problem_of(rng, units, 2 * units)
    additive, weights = additive_of(rng, problem), rng.random(3)
    bound, chosen = MinimumCut(problem, additive).solve(weights, {})
    best = min((float(additive.cost(problem, x) @ weights) for x in legal_cuts(problem)), default=np.inf)
    assert bound == pytest.approx(best, rel=CLOSE)
    if np.isfinite(best):
        assert problem.legal(chosen)
        assert float(additive.cost(problem, chosen) @ weights) == pytest.approx(best, rel=CLOSE)


@settings(max_examples=40, deadline=None)
@given(generators, st.integers(2, 8), st.sampled_from(CHOICES))
def test_the_search_finds_the_best_of_all_cuts_for_additive_costs(rng, units, objective):
    problem = problem_of(rng, units, 2 * units)
    additive = additive_of(rng, problem)

    def truth(on_chip):
        return as_cost(additive.cost(problem, on_chip))

    answer = solve(problem, [additive], truth, objective)
    assert figure_of(answer, objective) == pytest.approx(best_of(problem, truth, objective, Limits()), rel=CLOSE)
    assert (answer.gap, answer.complete) == (0.0, True)


@settings(max_examples=40, deadline=None)
@given(generators, st.integers(2, 8), st.sampled_from(CHOICES), st.floats(0.2, 0.8), st.booleans())
def test_the_search_finds_the_best_of_all_cuts_for_costs_that_no_sum_holds(rng, units, objective, tight, cores_too):
    problem = problem_of(rng, units, 2 * units)
    additive, extra = additive_of(rng, problem), rng.random((units, 2))

    def truth(on_chip):
        more = extra[on_chip].sum(axis=0) ** 1.5 + extra[on_chip].max(initial=0.0)
        return as_cost(additive.cost(problem, on_chip) + np.array([*more, 0.0]))

    seen = [truth(x) for x in legal_cuts(problem)]
    latency = np.quantile([c.latency for c in seen], tight) if seen else np.inf
    cores = np.quantile([c.cores for c in seen], tight) if seen and cores_too else np.inf
    limits = Limits(float(latency), float(cores))
    answer = solve(problem, [additive], truth, objective, limits)
    best = best_of(problem, truth, objective, limits)
    assert answer.complete
    assert figure_of(answer, objective) == pytest.approx(best, rel=CLOSE)
    assert answer.cost is None or limits.keeps(answer.cost)


@settings(max_examples=25, deadline=None)
@given(generators, st.integers(2, 7))
def test_the_front_holds_every_cut_that_no_other_beats_in_energy_and_latency(rng, units):
    problem = problem_of(rng, units, units)
    additive = additive_of(rng, problem)

    def truth(on_chip):
        return as_cost(additive.cost(problem, on_chip))

    front = energy_latency_front(problem, [additive], truth, Limits(), seconds=30, most=100)
    costs = [truth(x) for x in legal_cuts(problem)]
    wanted = sorted((costs[i].energy, costs[i].latency) for i in undominated([(c.energy, c.latency) for c in costs]))
    assert front.complete
    found = [(cost.energy, cost.latency) for _, cost in front.cuts]
    assert len(found) <= len(wanted)
    for energy, latency in wanted:  # each is there, or one that differs by no more than a step of the limit
        assert any(e <= energy * (1 + 1e-4) and t <= latency * (1 + 2e-4) for e, t in found)


def two(**values):
    zero = np.zeros(3)
    made = {name: np.array(rows, float) for name, rows in values.items()}
    none = np.zeros((0, 3))
    return Additive(
        made["chip"], made["dense"], made.get("enter", none), made.get("leave", none), np.zeros(2), zero, zero
    )


def test_a_value_that_fans_out_is_paid_for_once():
    # Both units save 1.2 on the chip; the value that both take costs 2 to come there, and a feeds b.
    problem = CutProblem((Unit(("a",)), Unit(("b",))), (Value("x", None, (0, 1), False), Value("a", 0, (1,), False)))
    costs = two(chip=[[0, 0, 1]] * 2, dense=[[1.2, 0, 0]] * 2, enter=[[2, 0, 0]] * 2, leave=[[0, 0, 0]] * 2)
    answer = solve(problem, [costs], lambda x: as_cost(costs.cost(problem, x)), Objective.ENERGY)
    assert answer.on_chip.tolist() == [True, True]
    assert answer.cost.energy == 2.0


def test_a_value_comes_to_each_of_two_parts_that_are_not_joined():
    problem = CutProblem((Unit(("a",)), Unit(("b",))), (Value("x", None, (0, 1), False),))
    costs = two(chip=[[0, 0, 1]] * 2, dense=[[1.2, 0, 0]] * 2, enter=[[2, 0, 0]], leave=[[0, 0, 0]])
    assert costs.cost(problem, np.array([True, True]))[0] == 4.0
    answer = solve(problem, [costs], lambda x: as_cost(costs.cost(problem, x)), Objective.ENERGY)
    assert answer.on_chip.tolist() == [False, False]


def test_a_search_without_time_reports_how_far_it_may_be_from_the_best():
    rng = np.random.default_rng(0)
    problem = problem_of(rng, 40, 40)
    additive = additive_of(rng, problem)

    def truth(on_chip):  # up to a half dearer than the bound
        return as_cost(additive.cost(problem, on_chip) * (1.25 + 0.25 * np.sin(on_chip @ np.arange(40))))

    answer = solve(problem, [additive], truth, Objective.ENERGY, seconds=0.0)
    assert not answer.complete
    assert 0 < answer.gap < 1
    assert answer.bound == pytest.approx((1 - answer.gap) * answer.cost.energy)


def test_what_is_not_accepted_is_not_chosen():
    problem = CutProblem((Unit(("a",)), Unit(("b",))), ())
    costs = two(chip=[[0, 0, 1], [0, 0, 1]], dense=[[1, 0, 0], [2, 0, 0]])

    def truth(on_chip):
        return as_cost(costs.cost(problem, on_chip))

    answer = solve(problem, [costs], truth, Objective.ENERGY, accept=lambda x: not x.all())
    assert answer.on_chip.tolist() == [False, True]
    refused = solve(problem, [costs], truth, Objective.ENERGY, accept=lambda x: False)
    assert (refused.on_chip, refused.complete) == (None, True)


def test_a_flip_takes_along_what_it_must():
    problem = CutProblem(tuple(Unit((n,)) for n in "abc"), (), requires=((0, 1), (1, 2)))
    assert flipped(problem, nothing(problem), 0).tolist() == [True, True, True]
    assert flipped(problem, everything(problem), 2).tolist() == [False, False, False]
    assert len(all_cuts(problem, 8)) == 4
    assert all_cuts(problem, 7) is None


def test_the_cheaper_of_two_equal_cuts_in_all_else_is_kept():
    assert undominated([(1, 2, -0.9), (2, 1, -0.9), (2, 2, -0.95), (2, 2, -0.9)]) == (0, 1, 2)
    assert CutCost(2.0, 3.0, 1).edp == 6.0
