"""Paths that meet at a linear node are added up, and stand for the same sums as the routes one by one."""

from __future__ import annotations

from collections import defaultdict

import nir
import numpy as np
from float_graphs import K, edge_from, graph, lif, linear, node, source
from hypothesis import given
from hypothesis import strategies as st

from neurotool.ir.graph import Graph
from neurotool.ir.program import AllToAll, Convolution, Sparse
from neurotool.passes.linear import LinearPath, collect
from neurotool.passes.quantise.layer import layer
from neurotool.synapses.expand import convolution_taps

WIDTH = 3


def matrix(path: LinearPath) -> np.ndarray:
    """The synapses of a path as a matrix, ``[target, source]``."""
    if isinstance(path.connectivity, AllToAll):
        return path.weights
    whole = np.zeros((len(path.bias), int(np.prod(path.shape))))
    if isinstance(path.connectivity, Sparse):
        np.add.at(whole, (path.connectivity.targets, path.connectivity.sources), path.weights)
    else:
        targets, sources, places = convolution_taps(path.shape, path.connectivity, path.weights)
        np.add.at(whole, (targets, sources), path.weights.ravel()[places])
    return whole


def sums(paths) -> dict:
    """The matrices added up by source and delay; those without any weight are left out."""
    found: dict = defaultdict(lambda: np.zeros((WIDTH, WIDTH)))
    for found_source, delay, weights in paths:
        found[found_source, int(delay)] += weights
    return {key: weights.tolist() for key, weights in found.items() if weights.any()}


def route_by_route(made: Graph, name: str):
    """Yield (source, delay, matrix) of every single route to a node."""
    for edge in made.incoming(name):
        before = made.nodes[edge.source]
        if isinstance(before.op, nir.Input | nir.CubaLIF):
            yield before.name, edge.delay, np.eye(WIDTH)
            continue
        for start, delay, weights in route_by_route(made, before.name):
            if isinstance(before.op, nir.Delay):
                yield start, delay + edge.delay + round(before.op.delay[0] / made.dt), weights
            elif isinstance(before.op, nir.Scale):
                yield start, delay + edge.delay, before.op.scale[:, None] * weights
            else:
                yield start, delay + edge.delay, np.float64(before.op.weight) @ weights


def constant(made: Graph, name: str) -> np.ndarray:
    """What arrives at a node when all sources are silent."""
    total = np.zeros(WIDTH)
    for edge in made.incoming(name):
        op = made.nodes[edge.source].op
        if isinstance(op, nir.Linear | nir.Affine) and made.incoming(edge.source):
            total += np.float64(op.weight) @ constant(made, edge.source) + getattr(op, "bias", 0.0)
        elif isinstance(op, nir.Scale):
            total += op.scale * constant(made, edge.source)
    return total


@st.composite
def networks(draw, biased: bool) -> Graph:
    """A random graph of linear nodes with small integers before a population, so that float sums are exact.

    A bias that waits is refused, so a graph has either biases or delays.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes = [source("x", (WIDTH,)), source("y", (WIDTH,))]
    links, waits = [], {}
    for k in range(draw(st.integers(1, 7))):
        kinds = ("linear", "scale", "affine" if biased else "delay")
        kind, weight = draw(st.sampled_from(kinds)), rng.integers(-2, 3, (WIDTH, WIDTH))
        match kind:
            case "linear" | "affine":
                made = linear(f"n{k}", weight, rng.integers(-2, 3, WIDTH) if kind == "affine" else None)
            case "scale":
                made = node(f"n{k}", nir.Scale(rng.integers(-2, 3, WIDTH).astype(float)), (WIDTH,), K.CURRENT)
            case "delay":
                made = node(f"n{k}", nir.Delay(np.full(WIDTH, draw(st.integers(0, 2)) * 1e-3)), (WIDTH,), K.CURRENT)
        for name in draw(st.lists(st.sampled_from([n.name for n in nodes]), min_size=1, max_size=3, unique=True)):
            links.append((name, made.name))
            waits[name, made.name] = 0 if biased else draw(st.integers(0, 1))
        nodes.append(made)
    nodes.append(lif("lif", WIDTH))
    ends = draw(st.lists(st.sampled_from([n.name for n in nodes[:-1]]), min_size=1, max_size=4, unique=True))
    plain = graph(nodes, [*links, *((name, "lif") for name in ends)])
    edges = [edge_from(plain.nodes[e.source], e.target, e.argument, waits.get((e.source, e.target), 0))
             for e in plain.edges]  # fmt: skip
    return Graph(plain.nodes, tuple(edges), plain.dt, plain.convention)


@given(networks(biased=False))
def test_the_sums_equal_those_of_the_routes(made):
    found = collect(made, "lif")
    assert sums((p.source, p.delay, matrix(p)) for p in found) == sums(route_by_route(made, "lif"))
    at_joins = [(p.source, p.delay) for p in found]
    assert len(at_joins) <= len(set(at_joins)) * len(made.incoming("lif"))


@given(networks(biased=True))
def test_every_bias_counts_as_often_as_its_value_arrives(made):
    found = collect(made, "lif")
    np.testing.assert_array_equal(sum(p.bias for p in found), constant(made, "lif"))
    assert sums((p.source, p.delay, matrix(p)) for p in found) == sums(route_by_route(made, "lif"))


def test_residual_blocks_do_not_multiply():
    """h = h + L(h), twelve times: 4096 routes, one set of synapses for each block and one for the input."""
    rng = np.random.default_rng(1)
    nodes, links, terms = [source("x", (WIDTH,))], [], ["x"]
    expected = np.eye(WIDTH)
    for k in range(12):
        weight = rng.integers(-1, 2, (WIDTH, WIDTH))
        nodes.append(linear(f"block{k}", weight))
        links += [(name, f"block{k}") for name in terms]
        terms.append(f"block{k}")
        expected = expected + weight @ expected
    made = graph([*nodes, lif("lif", WIDTH)], [*links, *((name, "lif") for name in terms)])
    found = collect(made, "lif")
    assert [p.name for p in found] == ["x->lif", *(f"block{k}" for k in range(12))]
    np.testing.assert_array_equal(sum(matrix(p) for p in found), expected)
    assert found[2].origin == "block0 (test) * block1 (test)"


def test_a_convolution_keeps_its_shared_weights_beside_a_skip():
    """A channel-wise scale follows the join: one path is a convolution, the other goes neuron by neuron."""
    weight = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    op = nir.Conv2d(input_shape=None, weight=weight, stride=1, padding=1, dilation=1, groups=1, bias=np.ones(1))
    nodes = [source("x", (1, 4, 4)), node("conv", op, (1, 4, 4), K.CURRENT),
             node("scale", nir.Scale(np.full((1, 4, 4), 2.0)), (1, 4, 4), K.CURRENT)]  # fmt: skip
    end = node("lif", lif("lif", 16).op, (1, 4, 4), K.SPIKES)
    made = graph([*nodes, end], [("x", "conv"), ("conv", "scale"), ("x", "scale"), ("scale", "lif")])
    convolved, skipped = collect(made, "lif")
    assert isinstance(convolved.connectivity, Convolution)
    np.testing.assert_array_equal(convolved.weights, 2.0 * weight)
    np.testing.assert_array_equal(matrix(skipped), 2.0 * np.eye(16))
    np.testing.assert_array_equal(convolved.bias + skipped.bias, np.full(16, 2.0))


def test_synapses_of_one_node_and_source_have_names_of_their_own():
    """x reaches ``b`` at once, after one step and after two: three sets of synapses that end with the same node."""
    made = graph([source(), linear("b", np.eye(2)), lif("lif", 2)], [("x", "b"), ("b", "lif")])
    late = [edge_from(made.nodes["x"], "b", wait, delay=wait) for wait in (1, 2)]
    made = Graph(made.nodes, (*made.edges, *late), made.dt, made.convention)
    found = layer(made, made.nodes["lif"], {}).synapses
    assert [(s.name, s.delay) for s in found] == [("b", 0), ("b<-x", 1), ("b<-x.2", 2)]
