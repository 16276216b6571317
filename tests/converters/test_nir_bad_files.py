"""Graphs that are wrong, or beyond what can be converted: an error that names everything."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from nir_files import affine, chain_of, conv2d, ends, fields, graph_of, lif, pool, recurrent, save

from neurotool.converters.nir import CONVERTER
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import SourceOptions


def load(path):
    return CONVERTER.load(str(path), SourceOptions(dt=1e-3, convention="norse"))


def fails(path, kind=UsageError):
    with pytest.raises(kind) as caught:
        load(path)
    assert path.name in caught.value.message
    return caught.value


def found(tmp_path, nodes, edges, kind=UsageError):
    error = fails(save(tmp_path / "m.nir", nodes, edges), kind)
    return [(d.rule, d.node) for d in error.diagnostics], [d.message for d in error.diagnostics]


def test_all_that_is_valid_but_has_no_meaning_is_listed_with_a_rewrite(tmp_path):
    image = np.array([1, 4, 4])
    nodes = {
        "x": fields("Input", shape=image),
        "new": fields("Resonator", r=np.ones(2)),
        "even": conv2d(np.ones((1, 1, 2, 3)), padding="same"),
        "wide": conv2d(np.ones((1, 1, 3, 3)), padding="same", dilation=np.array([1, 3])),
        "stride": conv2d(np.ones((1, 1, 3, 3)), padding="same", stride=2),
        "late": fields("Delay", delay=np.array(1.5e-3)),
        "early": fields("Delay", delay=np.array(-2e-3)),
        "endless": fields("Delay", delay=np.array(1e300)),
        "loop": fields("Scale", scale=np.array(0.5)),
        "y": fields("Output", shape=image),
    }
    edges = [*chain_of(*nodes), ("loop", "late")]
    error = fails(save(tmp_path / "m.nir", nodes, edges), UnsupportedError)
    by = {(d.rule, d.node): d for d in error.diagnostics}
    assert set(by) == {
        ("NT-NIR-001", "new"), ("NT-NIR-002", "late"), ("NT-NIR-011", "even"), ("NT-NIR-011", "stride"),
        ("NT-NIR-009", "late"), ("NT-NIR-009", "early"), ("NT-NIR-009", "endless"),
    }  # fmt: skip
    assert all(d.found and d.limit and d.fix and "m.nir" in d.origin for d in error.diagnostics)
    assert by["NT-NIR-002", "late"].found == "late, early, endless, loop"
    assert "2 x 3" in by["NT-NIR-011", "even"].message and "stride" in by["NT-NIR-011", "stride"].message
    late = by["NT-NIR-009", "late"]
    assert "1.5 ms" in late.found and "1.5 steps" in late.found and "1 ms" in late.limit


def test_a_loop_without_a_neuron(tmp_path):
    nodes = ends() | {"a": affine(), "b": fields("Scale", scale=np.ones(2)), "n": lif()}
    edges = [*chain_of("x", "a", "b", "n", "y"), ("b", "a"), ("n", "b")]
    rules, messages = found(tmp_path, nodes, edges, UnsupportedError)
    assert rules == [("NT-NIR-002", "a")] and "a, b" in messages[0]
    edges = [*chain_of("x", "a", "b", "n", "y"), ("b", "b"), ("a", "a")]
    assert [r for r, _ in found(tmp_path, nodes, edges, UnsupportedError)[0]] == ["NT-NIR-002"] * 2


@pytest.mark.parametrize(
    ("node", "mention"),
    [
        (lif(tau=None), "tau"),
        (lif(tau=np.full(3, 0.1)), "tau [3]"),
        (lif(tau="fast"), "tau is no numbers"),
        (lif(tau=h5py.Empty("f8")), "tau"),
        (lif(tau=np.zeros(0)), "tau"),
        (lif(refractory=np.ones(2)), "refractory"),
        (lif(tau=np.ones(2, complex)), "tau"),
        (affine(bias=np.zeros(3)), "bias has shape [3]"),
        (affine(weight=np.ones(2)), "weight has shape [2]"),
        (affine(weight=np.ones((3, 2, 2))), "the weight [3, 2, 2] asks for [3, 2]"),
        (conv2d(np.ones((2, 2, 3))), "weight has shape [2, 2, 3]"),
        (conv2d(np.ones((3, 1, 1, 1)), groups=2), "3 output channels do not divide into 2 groups"),
        (conv2d(np.ones((2, 1, 1, 1)), stride=0), "stride is 0"),
        (conv2d(np.ones((2, 1, 1, 1)), stride=np.array([1, 1, 1])), "stride is [1, 1, 1]"),
        (conv2d(np.ones((2, 1, 1, 1)), padding="full"), "padding is no numbers"),
        (conv2d(np.ones((2, 1, 1, 1)), padding="same", dilation=np.array([1, 1, 1])), "dilation is [1, 1, 1]"),
        (conv2d(np.ones((2, 1, 1, 1)), padding=-1), "padding is -1"),
        (conv2d(np.ones((2, 1, 1, 1)), groups=np.array([1, 1])), "groups is [1, 1]"),
        (conv2d(np.ones((2, 1, 1, 1)), input_shape=4), "input_shape is 4"),
        (conv2d(np.ones((2, 1, 1, 1)), bias=np.zeros(3)), "bias has shape [3]"),
        (pool("SumPool2d", padding="same"), "padding is no numbers"),
        (pool("AvgPool2d", kernel_size=1.5), "kernel_size is 1.5"),
        (affine(bias=np.zeros((2, 1))), "bias has shape [2, 1]"),
        (fields("Flatten", start_dim=0.5, end_dim=-1), "start_dim is 0.5"),
        (fields("Flatten", start_dim=1, end_dim=-1), "flattens axes 1 to -1"),
        (fields("Flatten", start_dim=0, end_dim=-1, input_type=np.array([-1])), "input_type is [-1]"),
        (fields("Delay"), "no field delay"),
        (fields("Threshold", threshold=np.zeros(2, bool)), "threshold is"),
        ({"tau": np.ones(2)}, "has no type"),
        ({"type": 3}, "has no type"),
        ({"type": {"deeper": 1}}, "has no type"),
        (lif(tau={"deeper": 1}), "tau is no numbers"),
    ],
)
def test_missing_or_misshapen_fields(tmp_path, node, mention):
    rules, messages = found(tmp_path, ends() | {"n": node}, chain_of("x", "n", "y"))
    assert set(rules) == {("NT-NIR-004", "n")}
    assert any(mention in m for m in messages), messages


@pytest.mark.parametrize("shape", [np.array([0]), np.array([2.0]), np.array([[2]]), 2, np.zeros(0, int), "two"])
def test_bad_shapes_of_ends(tmp_path, shape):
    nodes = ends() | {"n": lif()}
    nodes["x"]["shape"] = nodes["y"]["shape"] = shape
    rules, _ = found(tmp_path, nodes, chain_of("x", "n", "y"))
    assert rules == [("NT-NIR-004", "x"), ("NT-NIR-004", "y")]


def test_ends_without_shape(tmp_path):
    nodes = {"x": fields("Input"), "n": lif(), "y": fields("Output")}
    rules, _ = found(tmp_path, nodes, chain_of("x", "n", "y"))
    assert rules == [("NT-NIR-004", "x"), ("NT-NIR-004", "y")]


def test_bad_values_are_listed_together(tmp_path):
    nodes = ends() | {
        "w": affine(weight=np.array([[1.0, np.nan], [np.inf, 0.0]])),
        "n": lif(tau=np.array([0.0, 0.1]), r=np.array([np.nan, 1.0])),
        "m": fields("CubaLI", **dict.fromkeys(("tau_syn", "tau_mem", "r", "v_leak", "w_in"), np.full(2, -1.0))),
    }
    rules, messages = found(tmp_path, nodes, chain_of("x", "w", "n", "m", "y"))
    assert sorted(rules) == [("NT-NIR-007", n) for n in "mmnnw"]
    assert any("2 of 4 values of weight" in m for m in messages)


def test_bad_edges_are_listed_together(tmp_path):
    nodes = ends() | {"n": lif(), "alone": lif(), "unheard": lif(), "unfed": lif()}
    edges = [*chain_of("x", "n", "y"), ("n", "gone"), ("lost", "gone"), ("x", "n"), ("n", "unheard"), ("unfed", "n")]
    rules, messages = found(tmp_path, nodes, edges)
    assert {r for r, _ in rules} == {"NT-NIR-005"}
    text = "\n".join(messages)
    for part in ("names gone", "names lost and gone", "x -> n is there 2 times", "alone: is not", "unfed: is not"):
        assert part in text
    assert "unheard: is not connected: no path leads from it to an Output" in text


def test_graph_without_ends(tmp_path):
    rules, messages = found(tmp_path, {"n": lif(), "m": lif()}, [("n", "m")])
    assert rules == [("NT-NIR-005", "")] * 2
    assert "no Input" in messages[0] and "no Output" in messages[1]
    assert found(tmp_path, {}, [])[0] == rules
    assert {n for _, n in found(tmp_path, ends() | {"n": lif()}, [])[0]} == {"x", "n", "y"}


def test_edges_the_wrong_way(tmp_path):
    nodes = ends() | {"n": lif(), "m": lif(), "x2": fields("Input", shape=np.array([2]))}
    nodes["y2"] = nodes["y"]
    edges = [*chain_of("x", "n", "y"), ("n", "x2"), ("x2", "m"), ("y", "m"), ("m", "y2")]
    assert found(tmp_path, nodes, edges)[0] == [("NT-NIR-005", "x2"), ("NT-NIR-005", "y")]


def test_shapes_that_do_not_fit_are_listed_together(tmp_path):
    nodes = ends() | {"w": affine(3, 2), "n": lif(2), "v": affine(4, 5)}
    rules, messages = found(tmp_path, nodes, chain_of("x", "w", "n", "v", "y"))
    assert rules == [("NT-NIR-006", n) for n in "nvy"]
    assert "takes shape [2], w gives [3]" in messages[0]


def test_kernels_larger_than_their_input_and_wrong_axes(tmp_path):
    nodes = {
        "x": fields("Input", shape=np.array([2, 3, 4])),
        "large": conv2d(np.ones((2, 2, 3, 5)), padding=np.array([1, 0])),
        "other": conv2d(np.ones((2, 1, 1, 1)), groups=3),
        "pool": pool("SumPool2d", kernel_size=4),
        "flat": fields("Flatten", start_dim=0, end_dim=-1),
        "rank": pool("AvgPool2d"),
        "y": fields("Output", shape=np.array([2])),
    }
    nodes["other"]["weight"] = np.ones((3, 1, 1, 1))
    nodes["other"]["bias"] = np.zeros(3)
    edges = [("x", n) for n in ("large", "other", "pool", "flat")] + [("flat", "rank")]
    edges += [(n, "y") for n in ("large", "other", "pool", "rank")]
    rules, messages = found(tmp_path, nodes, edges)
    assert set(rules) == {("NT-NIR-006", n) for n in ("large", "other", "pool", "rank")}
    text = "\n".join(messages)
    assert "spans [3, 5] does not fit into [5, 4]" in text and "takes shape [3, ?, ?], x gives [2, 3, 4]" in text
    assert "takes shape [?, ?, ?], flat gives [24]" in text


def test_inner_graphs_that_are_ambiguous_or_damaged(tmp_path):
    two = recurrent()
    two["nodes"]["also"] = fields("Input", shape=np.array([2]))
    two["edges"] = [*two["edges"], ("also", "w_rec"), ("input", "input"), ("output", "w_rec"), ("lif", "nowhere")]
    nodes = ends() | {
        "a": recurrent(),
        "a.lif": lif(),
        "two": two,
        "none": graph_of({"n": lif()}, []),
        "bad": fields("NIRGraph", nodes={}),
        "wide": recurrent(3),
    }
    rules, messages = found(tmp_path, nodes, [*chain_of("x", "a", "two", "none", "a.lif", "wide", "y"), ("x", "two")])
    assert {("NT-NIR-010", "a.lif"), ("NT-NIR-010", "two"), ("NT-NIR-005", "none"), ("NT-NIR-004", "bad")} <= {*rules}
    assert {("NT-NIR-005", "two.input"), ("NT-NIR-005", "two.output"), ("NT-NIR-006", "wide.input")} <= {*rules}
    text = "\n".join(messages)
    assert "two nodes have this name" in text and "names two.nowhere" in text
    assert "has several Input nodes" in text and "does not say which one" in text
    assert "has no Input node" in text and "has no Output node" in text


def test_a_ring_of_inner_graphs_that_hold_nothing(tmp_path):
    shape = np.array([2])
    through = graph_of({"in": fields("Input", shape=shape), "out": fields("Output", shape=shape)}, [("in", "out")])
    nodes = ends() | {"a": through, "b": through, "n": lif()}
    rules, _ = found(tmp_path, nodes, [*chain_of("x", "a", "n", "y"), ("a", "b"), ("b", "a")], UnsupportedError)
    assert rules == [("NT-NIR-002", "a.in")]


def test_every_finding_says_what_was_found_what_is_allowed_and_what_to_do(tmp_path):
    nodes = {
        "w": affine(weight=np.array([[1.0, np.nan]]), bias=np.zeros(3)),
        "n": lif(tau=np.full(2, -1.0), r=None, extra=1),
        "odd": {"type": "Odd"},
        "none": {},
        "y": fields("Output", shape=np.array([2])),
        "alone": lif(3),
        "sub": recurrent(4),
        "flat": fields("Flatten", start_dim=3, end_dim=-1),
        "pool": pool("SumPool2d"),
    }
    edges = [*chain_of("w", "n", "sub", "alone", "flat", "pool", "y", "n"), ("gone", "y"), ("w", "n")]
    error = fails(save(tmp_path / "m.nir", nodes, edges))
    assert {d.rule for d in error.diagnostics} == {f"NT-NIR-00{i}" for i in (1, 4, 5, 6, 7)}
    for finding in error.diagnostics:
        assert finding.found and finding.limit and finding.fix, finding
        assert "m.nir" in finding.origin


def test_mistakes_of_all_sorts_come_together(tmp_path):
    nodes = ends() | {"w": affine(3, 2), "n": lif(2), "m": lif(tau=None), "k": lif(tau=np.full(2, -1.0)), "odd": lif()}
    rules, _ = found(tmp_path, nodes, chain_of("x", "w", "n", "m", "k", "y"))
    assert {r for r, _ in rules} == {f"NT-NIR-00{i}" for i in (4, 5, 6, 7)}
