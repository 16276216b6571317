"""Loops, delays and inner graphs: what waits, in which order nodes run, and what they compute step by step."""

from __future__ import annotations

import itertools

import networkx as nx
import nir
import numpy as np
import pytest
from hypothesis import given, settings
from nir_files import affine, chain_of, ends, fields, graph_of, lif, recurrent, save
from nir_graphs import wirings

from neurotool.converters.nir import CONVERTER
from neurotool.converters.nir.loops import Roles, arrange
from neurotool.ir.adapters import SourceOptions

MS = 1e-3


def read(path, dt=MS):
    return CONVERTER.load(str(path), SourceOptions(dt=dt, convention="norse")).graph


def made(tmp_path, nodes, edges, dt=MS):
    graph = read(save(tmp_path / "m.nir", nodes, edges), dt)
    seen = set()
    for name in graph.nodes:
        assert all(e.source in seen for e in graph.incoming(name) if not e.delay), name
        seen.add(name)
    return graph


def waits(graph):
    """Edges with a delay."""
    return {(e.source, e.target): e.delay for e in graph.edges if e.delay}


def threshold(n=2, level=0.5):
    return fields("Threshold", threshold=np.full(n, level))


def run(graph, rows):
    """Run a graph of Affine and Threshold nodes step by step, in the order of its nodes."""
    history = {name: [] for name in graph.nodes}
    for t, row in enumerate(rows):
        for name, node in graph.nodes.items():
            late = [(e.source, t - e.delay) for e in graph.incoming(name)]
            total = sum(
                (history[s][k] for s, k in late if k >= 0), np.zeros(graph.incoming(name)[0].shape if late else 0)
            )
            if isinstance(node.op, nir.Input):
                total = row
            elif isinstance(node.op, nir.Affine):
                total = node.op.weight @ total + node.op.bias
            elif isinstance(node.op, nir.Threshold):
                total = (total > node.op.threshold).astype(float)
            history[name].append(total)
    return {name: np.array(values) for name, values in history.items()}


def test_recurrent_weights_hear_the_spikes_of_the_last_step(tmp_path):
    nodes = ends() | {"w": affine(), "n": lif(), "r": affine()}
    graph = made(tmp_path, nodes, [*chain_of("x", "w", "n", "y"), ("n", "r"), ("r", "n")])
    assert waits(graph) == {("n", "r"): 1}
    assert [(e.source, e.argument) for e in graph.incoming("n")] == [("w", 0), ("r", 1)]
    assert graph.nodes["r"].kind == "current" and graph.notes == ()


def test_a_recurrent_network_computes_what_its_equations_say(tmp_path):
    rng = np.random.default_rng(3)
    w, r = rng.normal(size=(4, 3)), rng.normal(size=(4, 4))
    b, c = rng.normal(size=4), rng.normal(size=4)
    nodes = ends((4,)) | {
        "x": fields("Input", shape=np.array([3])),
        "w": fields("Affine", weight=w, bias=b),
        "r": fields("Affine", weight=r, bias=c),
        "n": threshold(4),
    }
    graph = made(tmp_path, nodes, [*chain_of("x", "w", "n", "y"), ("n", "r"), ("r", "n")])
    rows = rng.integers(0, 2, (20, 3)).astype(float)
    spikes = np.zeros(4)
    for row, found in zip(rows, run(graph, rows)["y"], strict=True):
        spikes = (w @ row + b + r @ spikes + c > 0.5).astype(float)  # the bias c acts in the first step as well
        assert np.array_equal(found, spikes)


def test_a_neuron_that_feeds_itself(tmp_path):
    graph = made(tmp_path, ends() | {"n": lif()}, [*chain_of("x", "n", "y"), ("n", "n")])
    assert waits(graph) == {("n", "n"): 1}


def test_a_long_way_back_waits_at_the_neuron_it_leaves(tmp_path):
    nodes = ends() | {n: affine() for n in "wabc"} | {"n": lif(), "m": lif()}
    edges = [*chain_of("x", "w", "n", "a", "m", "y"), *chain_of("m", "b", "c", "n")]
    assert waits(made(tmp_path, nodes, edges)) == {("m", "b"): 1}


def test_weights_that_lead_forward_too_make_the_edge_back_wait(tmp_path):
    nodes = ends() | {"w": affine(), "n": lif(), "r": affine(), "m": lif()}
    edges = [*chain_of("x", "w", "n", "r", "m", "y"), ("r", "n")]
    assert waits(made(tmp_path, nodes, edges)) == {("r", "n"): 1}


def test_feedback_into_weights_and_sums_of_feedback(tmp_path):
    nodes = ends() | {"w": affine(), "n": lif(), "m": lif(), "a": affine(), "b": affine()}
    edges = [*chain_of("x", "w", "n", "m", "y"), ("n", "a"), ("m", "a"), ("a", "b"), ("b", "w")]
    assert waits(made(tmp_path, nodes, edges)) == {("n", "a"): 1, ("m", "a"): 1}


def test_skips_do_not_wait_and_the_first_layer_of_a_loop_comes_first(tmp_path):
    nodes = ends() | {n: affine() for n in ("w", "skip", "up", "back")} | {"first": lif(), "second": lif()}
    edges = [*chain_of("x", "skip", "second", "y"), *chain_of("x", "w", "first", "up", "second", "back", "first")]
    graph = made(tmp_path, nodes, edges)
    assert waits(graph) == {("second", "back"): 1}
    assert len(graph.notes) == 1 and "fed at second, first; first was taken to come first" in graph.notes[0]


def test_loops_inside_loops(tmp_path):
    nodes = ends() | {n: affine() for n in ("w", "up", "ra", "rb", "back")} | {"a": lif(), "b": lif()}
    edges = [*chain_of("x", "w", "a", "up", "b", "y"), *chain_of("b", "back", "a")]
    edges += [*chain_of("a", "ra", "a"), *chain_of("b", "rb", "b")]
    graph = made(tmp_path, nodes, edges)
    assert waits(graph) == {("a", "ra"): 1, ("b", "rb"): 1, ("b", "back"): 1} and graph.notes == ()


def test_readouts_and_thresholds_close_loops_too(tmp_path):
    for neuron in (threshold(), fields("I", r=np.ones(2)), fields("LI", tau=1.0, r=1.0, v_leak=0.0)):
        nodes = ends() | {"w": affine(), "n": neuron, "r": affine()}
        assert waits(made(tmp_path, nodes, [*chain_of("x", "w", "n", "y"), ("n", "r"), ("r", "n")])) == {("n", "r"): 1}


@pytest.mark.parametrize(("steps", "left"), [([1, 1], [0, 0]), ([3, 3], [2, 2]), ([1, 4], [0, 3])])
def test_a_delay_in_a_loop_is_the_step_that_the_loop_waits(tmp_path, steps, left):
    nodes = ends() | {"n": lif(), "d": fields("Delay", delay=np.array(steps) * MS), "r": affine()}
    graph = made(tmp_path, nodes, [*chain_of("x", "n", "y"), *chain_of("n", "d", "r", "n")])
    assert waits(graph) == {("n", "d"): 1}
    assert graph.nodes["d"].op.delay.tolist() == [s * MS for s in left] and graph.notes == ()


def test_a_delay_of_nothing_adds_to_the_step_of_the_loop(tmp_path):
    nodes = ends() | {"n": lif(), "d": fields("Delay", delay=np.array([0, 2]) * MS), "r": affine()}
    graph = made(tmp_path, nodes, [*chain_of("x", "n", "y"), *chain_of("n", "d", "r", "n")])
    assert waits(graph) == {("d", "r"): 1} and graph.nodes["d"].op.delay.tolist() == [0.0, 2 * MS]


def test_delays_outside_loops_keep_all_their_steps(tmp_path):
    nodes = ends() | {"d": fields("Delay", delay=np.array(5 * MS)), "n": lif()}
    graph = made(tmp_path, nodes, chain_of("x", "d", "n", "y"))
    assert waits(graph) == {} and graph.nodes["d"].op.delay.tolist() == [5 * MS] * 2


def test_the_subgraph_of_a_recurrent_layer_is_opened(tmp_path):
    nodes = ends((3,)) | {"x": fields("Input", shape=np.array([2])), "fc.1": affine(3, 2), "rnn": recurrent(3)}
    graph = made(tmp_path, nodes, chain_of("x", "fc.1", "rnn", "y"))
    assert set(graph.nodes) == {"x", "fc.1", "rnn.lif", "rnn.w_rec", "y"}
    assert waits(graph) == {("rnn.lif", "rnn.w_rec"): 1}
    assert graph.nodes["rnn.lif"].origin == "rnn.lif (LIF in m.nir)"
    assert (graph.inputs, graph.outputs) == (("x",), ("y",))


def test_scalars_in_an_inner_graph_get_the_shape_from_outside(tmp_path):
    inner = recurrent(3)
    inner["nodes"]["lif"] = lif(3, **dict.fromkeys(("tau", "r", "v_leak", "v_threshold", "v_reset"), 0.5))
    nodes = ends((3,)) | {"rnn": inner}
    assert made(tmp_path, nodes, chain_of("x", "rnn", "y")).nodes["rnn.lif"].op.tau.tolist() == [0.5] * 3


def test_graphs_inside_graphs_inside_graphs(tmp_path):
    inner, depth = recurrent(), 30
    for _ in range(depth):
        ports = {"input": fields("Input", shape=np.array([2])), "output": fields("Output", shape=np.array([2]))}
        inner = graph_of(ports | {"g": inner}, chain_of("input", "g", "output"))
    graph = made(tmp_path, ends() | {"net": inner}, chain_of("x", "net", "y"))
    name = ".".join(["net", *["g"] * depth, "lif"])
    assert name in graph.nodes and len(graph.nodes) == 4 and list(waits(graph).values()) == [1]


def test_an_inner_graph_with_several_ports_and_edges_that_name_them(tmp_path):
    shape = np.array([2])
    inner = graph_of(
        {"a": fields("Input", shape=shape), "b": fields("Input", shape=shape), "n": lif(), "m": lif(),
         "out": fields("Output", shape=shape), "more": fields("Output", shape=shape)},
        [("a", "n"), ("b", "m"), ("n", "out"), ("m", "more"), ("b", "out")],
    )  # fmt: skip
    nodes = ends() | {"z": fields("Output", shape=shape), "x2": fields("Input", shape=shape), "g": inner}
    edges = [("x", "g.b"), ("x2", "g.a"), ("g.out", "y"), ("g.more", "z")]
    graph = made(tmp_path, nodes, edges)
    pairs = {(e.source, e.target) for e in graph.edges}
    assert pairs == {("x2", "g.n"), ("x", "g.m"), ("g.n", "y"), ("g.m", "z"), ("x", "y")}


def test_the_same_value_by_two_ways_counts_twice(tmp_path):
    shape = np.array([2])
    through = graph_of({"i": fields("Input", shape=shape), "o": fields("Output", shape=shape)}, [("i", "o")])
    graph = made(tmp_path, ends() | {"n": lif(), "g": through}, [*chain_of("x", "n", "y"), *chain_of("x", "g", "n")])
    assert [(e.source, e.argument) for e in graph.incoming("n")] == [("x", 0), ("x", 1)]


@given(wiring=wirings())
@settings(max_examples=300, deadline=None)
def test_every_loop_waits_whatever_the_graph(wiring):
    linear = {n for n in wiring.names if n.startswith("w")}
    delays = {n for n in wiring.names if n.startswith("d")}
    found = arrange(wiring, Roles(["x"], ["y"], linear, delays))
    plain = arrange(wiring, Roles(["x"], ["y"], (), delays))
    assert [(w.source, w.target) for w in found.wiring.wires] == [(w.source, w.target) for w in wiring.wires]
    place = {name: i for i, name in enumerate(found.wiring.names)}
    assert set(place) == set(wiring.names)
    assert all(w.delay or place[w.source] < place[w.target] for w in found.wiring.wires)
    graph, unmoved = (_weighted(a.wiring) for a in (found, plain))
    for loop in itertools.islice(nx.simple_cycles(graph), 50):
        steps = nx.path_weight(graph, [*loop, loop[0]], "steps")
        # Moving a step across a linear node changes no loop and no way from an input to an output.
        assert steps == nx.path_weight(unmoved, [*loop, loop[0]], "steps") >= 1
    for way in itertools.islice(nx.all_simple_paths(graph, "x", "y"), 50):
        assert nx.path_weight(graph, way, "steps") == nx.path_weight(unmoved, way, "steps")
    if nx.is_directed_acyclic_graph(graph):
        assert found.wiring.wires == wiring.wires and not found.handed


def _weighted(wiring):
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(((w.source, w.target, w.delay) for w in wiring.wires), weight="steps")
    return graph
