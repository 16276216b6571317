"""Convolutions, loops, skips and delays become programs whose populations hear what they heard in the float graph."""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import pytest
from float_graphs import K, edge_from, graph, lif, linear, node, sink, source

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.graph import Graph
from neurotool.ir.program import Convolution, InputPort, Sparse
from neurotool.ir.program_check import problems
from neurotool.passes.quantise import quantise
from neurotool.plugins import TARGETS, load
from neurotool.synapses import hardware_weights

PORT = {"x": InputPort("x", (2,))}


def looped(made: Graph, *feedback: tuple[str, str, int]) -> Graph:
    """Close loops: (source, target, steps that the value waits)."""
    edges = tuple(
        edge_from(made.nodes[a], b, sum(e.target == b for e in made.edges), delay) for a, b, delay in feedback
    )
    return Graph(made.nodes, (*made.edges, *edges), made.dt, made.convention)


def run(program, x):
    assert problems(program) == ()
    raster = np.asarray(x, bool).reshape(len(x), 1, -1)
    return load(TARGETS, "loihi-reference").run_program(program, {"x": raster}, RunOptions()).spikes


def test_a_skip_waits_for_the_longer_way():
    """l2 fires only when the relayed and the direct spike of the same step meet: 0.6 + 0.6 > 1."""
    nodes = [
        source(), linear("a", 2 * np.eye(2)), lif("l1", 2, kv=1.0), linear("b", 0.6 * np.eye(2)),
        linear("skip", 0.6 * np.eye(2)), lif("l2", 2, kv=1.0), sink("y", (2,)),
    ]  # fmt: skip
    links = [("x", "a"), ("a", "l1"), ("l1", "b"), ("b", "l2"), ("x", "skip"), ("skip", "l2"), ("l2", "y")]
    program = quantise(graph(nodes, links), PORT).program
    assert {name: p.start for name, p in program.populations.items()} == {"l1": 1, "l2": 2}
    assert program.projections["skip"].delays.tolist() == [[1, 1], [1, 1]]
    assert program.projections["b"].delays is None
    x = [[1, 0], [0, 0], [1, 1], [0, 1]]
    np.testing.assert_array_equal(run(program, x)["l2"][:, 0], np.array(x, bool))


def test_a_recurrent_population_hears_its_own_spikes_one_step_later():
    """The weights 0 -> 1 and 1 -> 0 pass one spike to and fro for ever."""
    nodes = [
        source(),
        linear("a", 2 * np.eye(2)),
        linear("rec", [[0, 2], [2, 0]]),
        lif("lif", 2, kv=1.0),
        sink("y", (2,)),
    ]
    made = looped(graph(nodes, [("x", "a"), ("a", "lif"), ("rec", "lif"), ("lif", "y")]), ("lif", "rec", 1))
    program = quantise(made, PORT).program
    assert program.lag(program.projections["rec"]) == 1
    fired = run(program, [[1, 0], [0, 0], [0, 0], [0, 0]])["lif"][:, 0]
    assert fired.tolist() == [[True, False], [False, True], [True, False], [False, True]]


def ring(waits: int) -> Graph:
    nodes = [source(), linear("a", 2 * np.eye(2)), linear("back", 2 * np.eye(2)), lif("p", 2, kv=1.0),
             linear("on", 2 * np.eye(2)), lif("q", 2, kv=1.0), sink("y", (2,))]  # fmt: skip
    links = [("x", "a"), ("a", "p"), ("back", "p"), ("p", "on"), ("on", "q"), ("q", "y")]
    return looped(graph(nodes, links), ("q", "back", waits))


def test_a_loop_shorter_than_its_connections_is_refused_and_a_longer_one_keeps_its_period():
    with pytest.raises(UnsupportedError, match="2 connections, but its values wait 1") as caught:
        quantise(ring(1), PORT)
    assert caught.value.diagnostics[0].rule == "NT-QUANT-002"
    for waits in (2, 5):
        fired = run(quantise(ring(waits), PORT).program, np.eye(1, 12 * 2).reshape(12, 2))["p"][:, 0, 0]
        assert np.flatnonzero(fired).tolist() == list(range(0, 12, waits))


def test_a_convolution_keeps_its_kernel_and_has_no_exponent():
    kernel = np.array([[[[1.0, -0.4]]], [[[0.25, 0.0]]]])
    op = nir.Conv2d(
        input_shape=None, weight=kernel, stride=1, padding=0, dilation=1, groups=1, bias=np.array([0.5, 0.0])
    )
    nodes = [source(shape=(1, 2, 3)), node("conv", op, (2, 2, 2), K.CURRENT), node_lif((2, 2, 2)), sink("y", (2, 2, 2))]
    links = [("x", "conv"), ("conv", "lif"), ("lif", "y")]
    program = quantise(graph(nodes, links), {"x": InputPort("x", (1, 2, 3))}).program
    projection = program.projections["conv"]
    assert isinstance(projection.connectivity, Convolution)
    assert (projection.weight_exp, projection.weights.shape) == (0, (2, 1, 1, 2))
    # 254 stands for 1.0; the others keep their share of it, rounded to even numbers.
    assert projection.weights.ravel().tolist() == [254, -102, 64, 0]
    population = program.populations["lif"]
    bias = population.parameters["bias_mant"] << population.parameters["bias_exp"]
    meant = bias / population.scale
    np.testing.assert_allclose(meant[:4], 0.5 * 0.1, rtol=1e-3)  # 0.1 is the share of the membrane that one step moves
    np.testing.assert_array_equal(meant[4:], 0)


def node_lif(shape):
    flat = lif("lif", int(np.prod(shape)))
    update = type(flat.update)(
        **{k: v.reshape(shape) if isinstance(v, np.ndarray) else v for k, v in vars(flat.update).items()}
    )
    return node("lif", flat.op, shape, K.SPIKES, update=update)


def test_delays_of_the_model_become_delays_of_synapses():
    wait = node("wait", nir.Delay(np.array([0.0, 0.003])), (2,), K.SPIKES)
    nodes = [source(), wait, linear("a", 2 * np.eye(2)), lif("lif", 2, kv=1.0), sink("y", (2,))]
    made = graph(nodes, [("x", "wait"), ("wait", "a"), ("a", "lif"), ("lif", "y")])
    program = quantise(made, PORT).program
    fired = run(program, [[1, 1], [0, 0], [0, 0], [0, 0], [0, 0]])["lif"][:, 0]
    assert np.argwhere(fired).tolist() == [[0, 0], [3, 1]]
    long = node("wait", nir.Delay(np.array([0.0, 0.064])), (2,), K.SPIKES)
    with pytest.raises(UnsupportedError) as caught:
        quantise(Graph({**made.nodes, "wait": long}, made.edges, made.dt, made.convention), PORT)
    assert [(d.rule, d.found) for d in caught.value.diagnostics] == [("NT-QUANT-011", "64")]


def test_each_kind_of_reset_has_its_neuron():
    """Input 1.5 at a threshold of 1: subtraction leaves 0.5, a reset to zero nothing, and rest loses the next input."""
    answers = {}
    for name, changes in {"zero": {}, "subtract": {"subtract": np.ones(2)}, "rest": {"refractory": 1}}.items():
        plain = lif("lif", 2, kv=0.0, leaky=False)
        neuron = replace(plain, update=replace(plain.update, **changes))
        nodes = [source(), linear("a", 1.5 * np.eye(2)), neuron, sink("y", (2,))]
        ranges = {"lif": {"u": 2.0, "v": 3.0}}
        program = quantise(graph(nodes, [("x", "a"), ("a", "lif"), ("lif", "y")]), PORT, ranges).program
        fired = run(program, [[1, 0], [1, 0], [1, 0], [0, 0], [0, 0]])["lif"][:, 0, 0]
        answers[name] = (program.populations["lif"].model, np.flatnonzero(fired).tolist())
    # By subtraction 0.5, then 1.0, then 1.5 are left, and the last fires once more by itself.
    assert answers["zero"] == ("lif", [0, 1, 2])
    assert answers["subtract"] == ("lif_subtract", [0, 1, 2, 3])
    assert answers["rest"] == ("lif_refractory", [0, 2])


def test_a_direct_connection_is_one_synapse_for_each_neuron():
    nodes = [source(), lif("lif", 2, kv=1.0, threshold=0.5), sink("y", (2,))]
    program = quantise(graph(nodes, [("x", "lif"), ("lif", "y")]), PORT).program
    assert isinstance(program.projections["x->lif"].connectivity, Sparse)
    assert run(program, [[1, 0], [0, 1]])["lif"][:, 0].tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize("bits", [9, 12, 16])
def test_wide_weights_are_split_over_two_synapses(bits):
    weights = np.random.default_rng(bits).normal(size=(4, 6))
    nodes = [source(shape=(6,)), linear("a", weights), lif("lif", 4), sink("y", (4,))]
    made = graph(nodes, [("x", "a"), ("a", "lif"), ("lif", "y")])
    result = quantise(made, {"x": InputPort("x", (6,))}, weight_bits=bits)
    coarse, fine = (result.program.projections[name] for name in ("a", "a.fine"))
    assert fine.weight_bits == max(2, bits - 8)
    scale = result.records[0].scale / 64
    held = (coarse.weights * 2.0**coarse.weight_exp + fine.weights * 2.0**fine.weight_exp) / scale
    # Half a step of the fine mantissas, and their largest value is one step short of half a coarse step.
    step = 2.0 ** (9 - fine.weight_bits + fine.weight_exp) / scale
    assert np.abs(held - 0.1 * weights.astype(np.float32)).max() <= 1.001 * step
    narrow = quantise(made, {"x": InputPort("x", (6,))}).records[0].roundings[0]
    assert result.records[0].roundings[0].error < narrow.error / 2 ** (max(2, bits - 8) - 2)
    assert hardware_weights(fine).tolist() == fine.weights.tolist()


def test_split_convolutions_are_listed_since_they_have_no_exponents():
    kernel = np.array([[[[1.0, -0.4]]]])
    op = nir.Conv2d(input_shape=None, weight=kernel, stride=1, padding=0, dilation=1, groups=1, bias=np.zeros(1))
    nodes = [source(shape=(1, 1, 3)), node("conv", op, (1, 1, 2), K.CURRENT), node_lif((1, 1, 2)), sink("y", (1, 1, 2))]
    made = graph(nodes, [("x", "conv"), ("conv", "lif"), ("lif", "y")])
    program = quantise(made, {"x": InputPort("x", (1, 1, 3))}, weight_bits=16).program
    assert all(isinstance(p.connectivity, Sparse) for p in program.projections.values())
    assert problems(program) == ()
