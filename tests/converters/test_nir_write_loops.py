"""Loops, delays of edges, convolutions and several ends are written and read back as they were."""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import nir
import numpy as np
import pytest
from float_graphs import K, chain, linear, node, sink, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nir_files import affine, chain_of, conv2d, ends, fields, lif, pool, recurrent, save
from nir_graphs import assert_equal, wirings

from neurotool.converters.nir import CONVERTER
from neurotool.ir.adapters import SourceOptions

MS = 1e-3
slow_but_fine = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path, **options):
    return CONVERTER.load(str(path), SourceOptions(**options)).graph


def again(graph, tmp_path):
    CONVERTER.write(graph, tmp_path / "again.nir")
    return read(tmp_path / "again.nir")


def same(graph, tmp_path):
    found = again(graph, tmp_path)
    assert_equal(graph, found)
    assert list(found.nodes) == list(graph.nodes)
    return found


def file_of(path, wiring, draw):
    """A file of the nodes of a random wiring; its delays of edges are left out."""
    kinds = {
        "n": lambda: lif(),
        "w": lambda: affine(weight=np.array(draw(st.lists(st.floats(-1, 1), min_size=4, max_size=4))).reshape(2, 2)),
        "d": lambda: fields("Delay", delay=np.array(draw(st.lists(st.integers(0, 3), min_size=2, max_size=2))) * MS),
    }
    nodes = ends() | {name: kinds[name[0]]() for name in wiring.names if name not in "xy"}
    return save(path, nodes, [(w.source, w.target) for w in wiring.wires])


@given(wiring=wirings(), data=st.data())
@slow_but_fine
def test_what_is_read_from_any_file_is_written_and_read_again(tmp_path, wiring, data):
    graph = read(file_of(tmp_path / "a.nir", wiring, data.draw), dt=MS, convention="norse")
    found = same(graph, tmp_path)
    # What is written once is written the same way for ever.
    first = (tmp_path / "again.nir").read_bytes()
    same(found, tmp_path)
    assert (tmp_path / "again.nir").read_bytes() == first


@given(wiring=wirings(), data=st.data())
@slow_but_fine
def test_graphs_with_any_delays_and_double_edges(tmp_path, wiring, data):
    graph = read(file_of(tmp_path / "a.nir", wiring, data.draw), dt=MS, convention="norse")
    edges = [replace(e, delay=e.delay + data.draw(st.sampled_from([0, 0, 1, 5]))) for e in graph.edges]
    double = data.draw(st.sampled_from([e for e in edges if e.target.startswith("n")]
                                       or [None]))  # fmt: skip
    if double is not None:
        number = len(graph.incoming(double.target))
        edges.append(replace(double, argument=number, delay=double.delay + data.draw(st.integers(0, 1))))
    open_wires = nx.DiGraph()
    open_wires.add_nodes_from(graph.nodes)
    open_wires.add_edges_from((e.source, e.target) for e in edges if not e.delay)
    order = list(nx.lexicographical_topological_sort(open_wires))
    same(replace(graph, nodes={name: graph.nodes[name] for name in order}, edges=tuple(edges)), tmp_path)


def test_a_loop_is_written_as_edges_without_a_delay_node(tmp_path):
    nodes = ends((3,)) | {"rnn": recurrent(3)}
    graph = read(save(tmp_path / "a.nir", nodes, chain_of("x", "rnn", "y")), dt=MS, convention="norse")
    same(graph, tmp_path)
    theirs = nir.read(tmp_path / "again.nir")
    assert set(theirs.nodes) == {"x", "rnn.lif", "rnn.w_rec", "y"}
    assert ("rnn.lif", "rnn.w_rec") in theirs.edges and ("rnn.w_rec", "rnn.lif") in theirs.edges


def test_other_delays_become_delay_nodes_that_others_can_read(tmp_path):
    one = np.ones(2)
    op = nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one)
    made = chain(source(), linear("w", np.eye(2)), node("n", op, (2,), K.SPIKES), sink("y", (2,), K.SPIKES))
    made = replace(made, edges=tuple(replace(e, delay=4 if e.target == "w" else 0) for e in made.edges))
    same(made, tmp_path)
    theirs = nir.read(tmp_path / "again.nir")
    assert theirs.nodes["x->w"].delay.tolist() == [4 * MS] * 2
    assert {("x", "x->w"), ("x->w", "w")} <= set(theirs.edges)


def test_another_time_step_turns_the_delay_of_an_edge_into_other_steps(tmp_path):
    one = np.ones(2)
    op = nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one)
    made = chain(source(), node("n", op, (2,), K.SPIKES), sink("y", (2,), K.SPIKES))
    made = replace(made, edges=tuple(replace(e, delay=4 if e.target == "n" else 0) for e in made.edges))
    CONVERTER.write(made, tmp_path / "a.nir")
    assert [e.delay for e in read(tmp_path / "a.nir", dt=2 * MS).edges] == [2, 0]


def test_several_inputs_and_outputs_keep_their_order(tmp_path):
    names = ["z", "a", "m"]
    nodes = {f"{kind}_{n}": fields(kind, shape=np.array([2])) for n in names for kind in ("Input", "Output")}
    nodes["n"] = lif()
    edges = [(f"Input_{n}", "n") for n in names] + [("n", f"Output_{n}") for n in names]
    graph = read(save(tmp_path / "a.nir", nodes, edges), dt=MS, convention="norse")
    assert graph.inputs == ("Input_z", "Input_a", "Input_m") and graph.outputs == ("Output_z", "Output_a", "Output_m")
    for inputs in itertools.permutations(graph.inputs):
        same(replace(graph, nodes={n: graph.nodes[n] for n in (*inputs, "n", *reversed(graph.outputs))}), tmp_path)


@pytest.mark.parametrize("checked", [True, False])
def test_convolutional_networks(tmp_path, checked):
    """nir 1.0.8 is right about square kernels without groups only."""
    rng = np.random.default_rng(0)
    kernel, groups = ((3, 3), 1) if checked else ((5, 3), 2)
    rows = 10 - kernel[0] + 1
    nodes = {
        "x": fields("Input", shape=np.array([2, 10, 10])),
        "conv": conv2d(rng.normal(size=(4, 2 // groups, *kernel)).astype(np.float32), groups=groups, bias=np.ones(4)),
        "n": fields("IF", r=np.ones((4, rows, 8)), v_threshold=np.ones((4, rows, 8))),
        "same": conv2d(rng.normal(size=(4, 4, 3, 3)), padding="same"),
        "avg": pool("AvgPool2d"),
        "sum": pool("SumPool2d", np.array([2, 2]), np.array([1, 1]), np.array([1, 1])),
        "flat": fields("Flatten", start_dim=1, end_dim=-1),
        "line": fields("Conv1d", weight=rng.normal(size=(3, 4, 3)), stride=2, padding="valid", dilation=2, groups=1,
                       bias=np.zeros(3)),
        "i": fields("I", r=np.ones((3, (((rows // 2 + 1) * 5) - 5) // 2 + 1))),
        "y": fields("Output", shape=np.array([3, (((rows // 2 + 1) * 5) - 5) // 2 + 1])),
    }  # fmt: skip
    graph = read(save(tmp_path / "a.nir", nodes, chain_of(*nodes)), dt=MS, convention="norse")
    same(graph, tmp_path)
    theirs = nir.read(tmp_path / "again.nir", type_check=checked)
    assert theirs.nodes["conv"].weight.dtype == np.float32
    assert theirs.nodes["same"].padding == "same" and int(theirs.nodes["line"].input_shape) == (rows // 2 + 1) * 5
