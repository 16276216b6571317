"""Cuts of small graphs with the real cost model: units, parts, bounds and the choice."""

from dataclasses import replace

import nir
import numpy as np
import pytest
from cut_problems import best_of, generators, legal_cuts
from float_graphs import K, chain, dense_op, graph, lif, linear, node, sink, source, update
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip, load_device
from neurotool.chips.memory import Storage
from neurotool.ir.costs import DenseCounts
from neurotool.ir.partition import Side
from neurotool.ir.values import TimeScope
from neurotool.passes.partition import Limits, Objective, candidates, solve
from neurotool.passes.partition.problem import metrics_of
from neurotool.passes.partition.search import everything, nothing
from neurotool.passes.quantise.widths import Widths
from neurotool.pipeline.cuts.bounds import bounds
from neurotool.pipeline.cuts.costs import CutCosts
from neurotool.pipeline.cuts.layers import Activity, chip_layers


def costs_of(model, device="cpu-generic", chip="loihi2", steps=20, kernels=40, rates=None, summed=()):
    found = candidates(model)
    sides, activity = found.partition().sides, Activity(rates or {}, "given")
    counts = {name: DenseCounts(400.0 * steps, 1000.0 * steps, kernels, 1) for name in sides}
    layers = chip_layers(model, sides, activity, Widths(8))
    return CutCosts(
        found, load_chip(chip), load_device(device), steps, activity, layers, counts, frozenset(summed)
    )  # fmt: skip


def layered(rng, size):
    """Populations with their synapses, dense operations between them, skips and additions."""
    nodes, links, sources = [source("x", (4,))], [], ["x"]
    for i in range(size):
        feeding = [
            sources[k] for k in sorted({int(k) for k in rng.integers(max(0, len(sources) - 3), len(sources), 2)})
        ]
        if rng.random() < 0.3:
            nodes.append(dense_op(f"d{i}", (4,), True))
            links += [(name, f"d{i}") for name in feeding]
        else:
            nodes += [linear(f"w{i}", rng.random((4, 4))), lif(f"p{i}", 4)]
            links += [(feeding[0], f"w{i}"), (f"w{i}", f"p{i}"), *((name, f"p{i}") for name in feeding[1:])]
        sources.append(nodes[-1].name)
    nodes.append(sink("y", (4,)))
    return graph(nodes, [*links, (sources[-1], "y")])


MODELS = {"device": st.sampled_from(["cpu-generic", "h100-sxm", "jetson-orin-nano"]),
          "chip": st.sampled_from(["loihi1", "loihi2"]), "steps": st.integers(1, 30),
          "kernels": st.integers(0, 200)}  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(generators, st.integers(1, 6), st.fixed_dictionaries(MODELS))
def test_no_bound_is_above_the_true_cost(rng, size, about):
    costs = costs_of(layered(rng, size), **about)
    problem = costs.candidates.problem
    extremes = [everything(problem).tolist(), nothing(problem).tolist()]
    for on_chip in legal_cuts(problem):
        if on_chip.tolist() not in extremes:
            true = metrics_of(costs.truth(on_chip))
            for bound in bounds(costs):
                assert np.all(bound.cost(problem, on_chip) <= true * (1 + 1e-9))


@settings(max_examples=30, deadline=None)
@given(
    generators, st.integers(1, 7), st.fixed_dictionaries(MODELS), st.sampled_from(list(Objective)[1:]), st.booleans()
)
def test_the_chosen_cut_is_the_best_of_all_legal_cuts_by_the_true_cost(rng, size, about, objective, limited):
    costs = costs_of(layered(rng, size), **about)
    problem = costs.candidates.problem
    latencies = [costs.truth(x).latency for x in legal_cuts(problem)]
    limits = Limits(latency=float(np.median(latencies))) if limited else Limits()
    answer = solve(problem, bounds(costs), costs.truth, objective, limits)
    best = best_of(problem, costs.truth, objective, limits)
    assert answer.complete
    assert objective.figure(metrics_of(answer.cost)) == pytest.approx(best, rel=2e-5)


@settings(max_examples=40, deadline=None)
@given(generators, st.integers(1, 10), st.data())
def test_every_assignment_gives_parts_that_can_run_one_after_the_other(rng, size, data):
    found = candidates(layered(rng, size))
    on_chip = data.draw(st.sampled_from(legal_cuts(found.problem)))
    cut, made = found.partition(on_chip), {"x"}
    assert sorted(n for p in cut.parts for n in p.nodes) == sorted(cut.sides)
    for part in cut.parts:
        assert set(part.inputs) <= made, "a part comes before a value that it needs"
        if part.side is Side.SPIKING:
            assert not any(name.startswith("w") for name in part.outputs), "a weighted sum cannot leave the chip"
        made |= set(part.outputs)


def two_layers():
    return chain(
        source("x", (4,)), linear("w1", np.eye(4)), lif("p1", 4), linear("w2", np.eye(4)), lif("p2", 4),
        dense_op("mean", (4,), False, TimeScope.OVER_TIME), sink("y", (4,), timed=False),
    )  # fmt: skip


def test_a_population_and_its_synapses_are_one_unit():
    problem = candidates(two_layers()).problem
    assert [(unit.nodes, unit.fixed) for unit in problem.units] == [
        (("w1", "p1"), None), (("w2", "p2"), None), (("mean",), False),
    ]  # fmt: skip
    assert [(v.name, v.maker, v.takers, v.outside) for v in problem.values] == [
        ("x", None, (0,), False), ("p1", 0, (1,), False), ("p2", 1, (), True),
    ]  # fmt: skip


def test_a_loop_is_one_unit_that_stays_on_the_chip():
    nodes = [source("x"), lif("a", 2), linear("back", np.eye(2)), lif("b", 2), sink("y", (2,), K.SPIKES)]
    links = [("x", "a"), ("a", "b"), ("b", "back"), ("back", "a"), ("b", "y")]
    problem = candidates(graph(nodes, links)).problem
    assert [(unit.nodes, unit.fixed) for unit in problem.units] == [(("a", "back", "b"), True)]


def test_a_reshape_that_feeds_two_populations_is_on_the_chip_only_with_both():
    flat = node("flat", nir.Flatten(input_type={"input": np.array([2])}, start_dim=0), (2,), K.SPIKES)
    nodes = [source("x"), flat, linear("wa", np.eye(2)), lif("a", 2), linear("wb", np.eye(2)), lif("b", 2),
             dense_op("d", (2,), True), sink("y", (2,))]  # fmt: skip
    links = [
        ("x", "flat"),
        ("flat", "wa"),
        ("wa", "a"),
        ("flat", "wb"),
        ("wb", "b"),
        ("a", "d"),
        ("b", "d"),
        ("d", "y"),
    ]
    found = candidates(graph(nodes, links))
    assert [u.nodes for u in found.problem.units] == [("flat",), ("wa", "a"), ("wb", "b"), ("d",)]
    assert found.problem.requires == ((0, 1), (0, 2))


def test_a_synapse_starts_with_its_population_even_if_what_it_hears_is_there_earlier():
    # p2 waits for d, which waits for p1; the synapse from the input to p2 needs neither and still belongs to p2.
    nodes = [source("x", (4,)), lif("p1", 4), dense_op("d", (4,), True), linear("w", np.eye(4)), lif("p2", 4),
             sink("y", (4,), K.SPIKES)]  # fmt: skip
    links = [("x", "p1"), ("p1", "d"), ("x", "w"), ("d", "p2"), ("w", "p2"), ("p2", "y")]
    assert [p.nodes for p in candidates(graph(nodes, links)).partition().parts] == [("p1",), ("d",), ("w", "p2")]


def test_a_synapse_that_feeds_parts_that_run_one_after_the_other_stays_in_torch():
    nodes = [source("x", (4,)), linear("w", np.eye(4)), lif("p1", 4), dense_op("d", (4,), True), lif("p2", 4),
             sink("y", (4,), K.SPIKES)]  # fmt: skip
    links = [("x", "w"), ("w", "p1"), ("p1", "d"), ("d", "p2"), ("w", "p2"), ("p2", "y")]
    cut = candidates(graph(nodes, links)).partition()
    assert cut.sides["w"] is Side.DENSE
    assert {r.node: r.rule for r in cut.reasons}["w"] == "NT-PART-003"


def test_cost_of_a_cut_by_hand():
    costs = costs_of(two_layers(), steps=10, kernels=10, rates={"x": 0.5, "p1": 0.2, "p2": 0.1}, summed=["p2"])
    found = costs.truth(np.array([True, True, False]))
    # 12 steps of 1.75 us; 40 values of x and 4 counts of p2 at 1.5 us; 10 kernels of 5 us.
    chip, device = 12 * 1.75e-6 + 44 * 1.5e-6, 10 * 5e-6
    assert found.latency == pytest.approx(chip + device)
    synops = 10 * (4 * 0.5 + 4 * 0.2)
    events = synops * 26e-12 + 10 * (4 * 0.5 + 4 * 0.2) * 111e-12 + 12 * 8 * 73e-12 + 10 * (0.8 + 0.4) * 69e-12
    link = 4 * (40 * 0.5 + 4 * 0.1) * 4e-9
    torch = 28.5 * device + 400 * 10 * 0.3e-9 + 1000 * 10 * 0.12e-9
    waiting = 0.25 * (chip + device) + 17 * chip
    assert found.energy == pytest.approx(events + link + torch + waiting, rel=1e-6)
    assert found.cores == 2


def test_what_the_cut_leaves_in_torch_says_so():
    found = candidates(two_layers())
    reasons = {r.node: (r.rule, r.text) for r in found.partition([True, False, False], "it is cheaper there").reasons}
    assert reasons["p2"] == ("NT-PART-010", "it is cheaper there")
    assert reasons["p1"][0] == ""


def convolved(widths):
    op = nir.Conv2d((8, 8), np.ones((6, 2, 3, 3), np.float32), 1, 1, 1, 1, np.zeros(6, np.float32))
    one = np.ones((6, 8, 8))
    neurons = nir.CubaLIF(tau_syn=one, tau_mem=one, r=one, v_leak=one * 0, v_threshold=one)
    model = chain(
        source("x", (2, 8, 8)), node("c", op, (6, 8, 8), K.CURRENT),
        node("n", neurons, (6, 8, 8), K.SPIKES, update=update((6, 8, 8))), sink("y", (6, 8, 8), K.SPIKES),
    )  # fmt: skip
    return chip_layers(model, candidates(model).partition().sides, Activity({}, "given"), widths)["n"]


@pytest.mark.parametrize("widths", [Widths(16), Widths(8, (("c", 16),)), Widths(4, (("n", 16),))])
def test_a_weight_wider_than_a_synapse_is_two_and_a_convolution_of_such_is_listed(widths):
    narrow, wide = convolved(Widths(8)), convolved(widths)
    taps = 6 * 2 * 22**2  # a window of 3 x 3 at 8 x 8 places, without what the padding holds
    assert (narrow.form, narrow.stored, narrow.weight_bits) == (Storage.SHARED, 108, 8)
    assert (wide.form, wide.stored, wide.weight_bits) == (Storage.SPARSE, 2 * taps, 8)
    assert wide.synapses == 2 * taps
    # Each entry has a target of 9 bits beside its weight.
    assert [wide.fewest_cores(with_memory(bits)) for bits in (2 * taps * 17, 2 * taps * 17 - 1)] == [1, 2]


def with_memory(bits):
    chip = load_chip("loihi2")
    limits = chip.limits
    memory = limits.synapse_bits_per_core.model_copy(update={"value": bits})
    return chip.model_copy(update={"limits": limits.model_copy(update={"synapse_bits_per_core": memory})})


def test_a_value_that_is_held_enters_once_and_in_the_bounds_too():
    model = chain(
        source("x", (4,), timed=False), dense_op("hold", (4,), True), linear("w1", np.eye(4)), lif("p1", 4),
        dense_op("mean", (4,), False, TimeScope.OVER_TIME), sink("y", (4,), timed=False),
    )  # fmt: skip
    every_step, once = costs_of(model, steps=10), replace(costs_of(model, steps=10), held=frozenset({"hold"}))
    on_chip = everything(once.candidates.problem)
    less = 9 * 4 * 1.5e-6  # nine of ten writings of four values
    assert every_step.truth(on_chip).latency - once.truth(on_chip).latency == pytest.approx(less)
    assert every_step.truth(on_chip).energy - once.truth(on_chip).energy == pytest.approx(
        less * (0.25 + 17) + 9 * 4 * 4 * 4e-9
    )
    true = metrics_of(once.truth(on_chip))
    for bound in bounds(once):
        assert np.all(bound.cost(once.candidates.problem, on_chip) <= true * (1 + 1e-9))
