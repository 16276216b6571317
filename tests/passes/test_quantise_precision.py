"""Widths by layer, ranges of weights, the search over scales, and what shifts lose."""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import pytest
from float_graphs import K, chain, graph, lif, linear, node, sink, source
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.errors import UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import InputPort
from neurotool.passes.quantise import RangeRule, Settings, WeightRange, Widths, quantise
from neurotool.passes.quantise.meaning import rounded_graph
from neurotool.passes.quantise.search import loops, search_scales
from neurotool.plugins import TARGETS, load

RANGES = {"lif": {"u": 2.0, "v": 2.0, "rate": 0.2}, "x": {"power": 0.3, "rate": 0.3}}


def one_layer(weight, bias=None, **neuron):
    weight = np.array(weight, np.float32)
    return chain(
        source(shape=(weight.shape[1],)), linear("fc", weight, bias), lif("lif", len(weight), **neuron),
        sink("y", (len(weight),)),
    )  # fmt: skip


def port(size):
    return {"x": InputPort("x", (size,))}


def held(made, name):
    """Float weights that a program stands for, coarse and fine."""
    scale = made.program.populations["lif"].scale / 64
    parts = [p for n, p in made.program.projections.items() if n.removesuffix(".fine") == name]
    return sum(p.weights * 2.0**p.weight_exp for p in parts) / scale


def recurrent(size=4, seed=0):
    draw = np.random.default_rng(seed)
    entry, back = draw.normal(size=(size, 3)), draw.normal(size=(size, size)) * 0.3
    nodes = [source(shape=(3,)), linear("fc", entry), lif("lif", size, ku=0.5, kv=0.3), linear("rec", back),
             sink("y", (size,))]  # fmt: skip
    made = graph(nodes, [("x", "fc"), ("fc", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "y")])
    return replace(
        made, edges=tuple(replace(e, delay=int(e.source == "lif" and e.target == "rec")) for e in made.edges)
    )


def test_a_pattern_names_a_layer_by_its_synapses_or_its_population():
    model = recurrent()
    for pattern in ("lif", "l*"):
        made = quantise(model, port(3), settings=Settings(Widths(8, ((pattern, 16),))))
        assert made.records[0].weight_bits == {"fc": 16, "rec": 16}
        assert set(made.program.projections) == {"fc", "fc.fine", "rec", "rec.fine"}
    made = quantise(model, port(3), settings=Settings(Widths(8, (("*", 4), ("rec", 16)))))
    assert made.records[0].weight_bits == {"fc": 4, "rec": 16}
    assert made.program.projections["fc"].weight_bits == 4
    assert np.abs(held(made, "rec") - 0.3 * model.nodes["rec"].op.weight).max() < 1e-4


def test_a_pattern_that_matches_nothing_is_refused():
    with pytest.raises(UsageError, match="hiden=16 matches no node") as caught:
        Widths(8, (("hiden", 16),)).check(["hidden", "fc"])
    assert "hidden, fc" in caught.value.hint


@pytest.mark.parametrize("text", ["median", "percentile", "percentile=0", "percentile=101", "percentile=x", "max=3"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(UsageError, match="--scale-from"):
        WeightRange.parse(text)


def test_ranges_are_written_as_they_are_read():
    for text in ("max", "mse", "percentile=99.5"):
        assert str(WeightRange.parse(text)) == text


def test_a_percentile_cuts_the_outlier_off_and_spends_its_bits_on_the_others():
    # 99 weights of 1 and one of 8: at 99 percent, 1 is 254 units and 8 is cut to the largest mantissa.
    weights = np.ones((1, 100))
    weights[0, 7], weights[0, 8] = 8.0, -1.0
    model = one_layer(weights)
    whole = quantise(model, port(100))
    cut = quantise(model, port(100), settings=Settings(weight_range=WeightRange(RangeRule.PERCENTILE, 99.0)))
    assert (whole.program.projections["fc"].weights[0, 7], cut.program.projections["fc"].weights[0, 7]) == (254, 254)
    assert abs(whole.program.projections["fc"].weights[0, 0]) == 32
    assert cut.program.projections["fc"].weights[0, 0] == 254
    assert cut.records[0].clipped == {"fc": 0.01}
    assert whole.records[0].clipped == {}


def test_each_connection_has_an_exponent_of_its_own():
    model = recurrent()
    op = model.nodes["rec"].op
    small = replace(model.nodes["rec"], op=replace(op, weight=op.weight / 64))
    made = quantise(replace(model, nodes={**model.nodes, "rec": small}), port(3)).program.projections
    assert made["fc"].weight_exp - made["rec"].weight_exp >= 6
    assert all(np.abs(p.weights).max() > 127 for p in made.values())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 4, 8]), st.floats(0.0, 30.0))
def test_the_searched_range_never_has_the_larger_error(seed, bits, outlier):
    draw = np.random.default_rng(seed)
    weights = draw.normal(size=(5, 12))
    weights[0, 0] += outlier
    model = one_layer(weights)
    errors = {}
    for rule in (RangeRule.MAX, RangeRule.MSE):
        made = quantise(model, port(12), settings=Settings(Widths(bits), WeightRange(rule)))
        errors[rule] = np.square(held(made, "fc") - model.nodes["fc"].op.weight / 10).sum()
    assert errors[RangeRule.MSE] <= errors[RangeRule.MAX] * (1 + 1e-9)


def test_loops_are_found_and_only_they_are_searched():
    model = recurrent()
    assert loops(model) == [("lif",)]
    assert loops(one_layer([[1.0, 2.0]])) == []
    seen = []

    def score(program):
        seen.append(program.populations["lif"].scale)
        return {"lif": -abs(len(seen) - 3)}  # the third is the best

    heard = []
    made = search_scales(model, port(3), RANGES, Settings(), 5, score, lambda *p: heard.append(p))
    assert heard == [(i, 7) for i in range(1, 8)]
    assert len(set(seen[:5])) == 5
    shares = [2 ** (-i / 5) for i in range(5)]
    assert [t.share for t in made.records[0].tries] == pytest.approx([*shares, shares[2], shares[2]])
    assert [t.headroom for t in made.records[0].tries][4:] == [1.25, 0.6, 0.3]
    assert made.program.populations["lif"].scale == seen[2]
    score_no = search_scales(one_layer([[1.0, 2.0]]), port(2), RANGES, Settings(), 5, score)
    assert len(seen) == 7
    assert score_no.records[0].tries == ()


def test_what_shifts_lose_is_given_back():
    """A read-out of many fine weights at a negative exponent stays on the float potential on average."""
    draw = np.random.default_rng(3)
    weights = draw.normal(size=(30, 40))
    model = one_layer(weights, draw.normal(size=30), ku=0.3, kv=0.2, threshold=1000.0)
    spikes = draw.random((60, 4, 40)) < 0.3
    target = load(TARGETS, "loihi")
    wanted = load(TARGETS, "gpu").run_graph(model, {"x": spikes}, RunOptions(probes=("v",))).states["lif"]["v"]
    means = {}
    for told in (True, False):
        ranges = {"lif": {"u": 2000.0, "v": 2000.0, "rate": 0.0}} | ({"x": {"power": 0.3, "rate": 0.3}} if told else {})
        made = quantise(model, port(40), ranges, Settings(Widths(16)))
        assert made.program.projections["fc.fine"].weight_exp < 0
        v = target.run_program(made.program, {"x": spikes}, RunOptions(probes=("v",))).states["lif"]["v"]
        scale = made.program.populations["lif"].scale
        means[told] = float(np.mean(v / scale - wanted)[()]) * scale / 64
    assert abs(means[True]) < 0.2 * abs(means[False])
    assert means[False] < -1.0  # units of activation


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([3, 8, 12, 16]), st.booleans())
def test_the_rounded_graph_has_the_same_integers(seed, bits, biased):
    draw = np.random.default_rng(seed)
    model = one_layer(draw.normal(size=(4, 6)), draw.normal(size=4) if biased else None, ku=0.4, kv=0.2)
    chosen = Settings(Widths(bits))
    made = quantise(model, port(6), RANGES, chosen)
    rounded = rounded_graph(model, port(6), made.program)
    again = quantise(rounded, port(6), RANGES, replace(chosen, scales=made.scales))
    if bits <= 8:
        for name, projection in made.program.projections.items():
            np.testing.assert_array_equal(again.program.projections[name].weights, projection.weights)
    # A tie between two coarse steps has two forms as coarse and fine, of which one may be out of range by a fine step.
    step = 0.0 if bits <= 8 else np.abs(held(made, "fc")).max() * 2.0 ** (2 - bits)
    np.testing.assert_allclose(held(again, "fc"), held(made, "fc"), rtol=1e-12, atol=step)
    np.testing.assert_allclose(0.2 * rounded.nodes["fc"].op.weight, held(made, "fc"), rtol=1e-5, atol=1e-9)


def test_the_weights_of_a_node_behind_another_are_left_as_they_are():
    """A convolution that keeps the size, flattened, then a matrix: as many synapses as the matrix has weights."""
    draw = np.random.default_rng(1)
    op = nir.Conv2d(input_shape=None, weight=draw.normal(size=(1, 1, 3, 3)), stride=1, padding=1, dilation=1, groups=1,
                    bias=np.zeros(1))  # fmt: skip
    flat = nir.Flatten(input_type={"input": np.array([1, 4, 4])}, start_dim=0, end_dim=-1)
    model = chain(
        source(shape=(1, 4, 4)), node("conv", op, (1, 4, 4), K.CURRENT), node("flat", flat, (16,), K.CURRENT),
        linear("fc", draw.normal(size=(3, 16))), lif("lif", 3), sink("y", (3,)),
    )  # fmt: skip
    inputs = {"x": InputPort("x", (1, 4, 4))}
    rounded = rounded_graph(model, inputs, quantise(model, inputs, RANGES).program)
    np.testing.assert_array_equal(rounded.nodes["fc"].op.weight, model.nodes["fc"].op.weight)
