"""Folding keeps the function of a chain and leaves no linear node in front of another one."""

import nir
import numpy as np
from float_graphs import K, chain, graph, lif, linear, node, sink, source
from hypothesis import given
from hypothesis import strategies as st

from neurotool.passes.fold import fold

RNG = np.random.default_rng(0)


def scale(name, values):
    return node(name, nir.Scale(scale=np.array(values, np.float32)), (len(values),), K.CURRENT)


def apply(op, x):
    if isinstance(op, nir.Scale):
        return x * op.scale
    y = op.weight @ x
    return y + op.bias if isinstance(op, nir.Affine) else y


@given(kinds=st.lists(st.sampled_from(["linear", "affine", "scale"]), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_a_folded_chain_is_one_node_with_the_same_function(kinds, seed):
    rng = np.random.default_rng(seed)
    nodes, width = [source(shape=(3,))], 3
    for i, kind in enumerate(kinds):
        if kind == "scale":
            nodes.append(scale(f"n{i}", rng.normal(size=width)))
            continue
        out = int(rng.integers(1, 5))
        bias = rng.normal(size=out) if kind == "affine" else None
        nodes.append(linear(f"n{i}", rng.normal(size=(out, width)), bias))
        width = out
    folded = fold(chain(*nodes, lif("lif", width), sink("y", (width,))))
    left = [n for n in folded.nodes.values() if isinstance(n.op, nir.Linear | nir.Affine | nir.Scale)]
    assert [n.name for n in left] == [f"n{len(kinds) - 1}"]
    x = rng.normal(size=3)
    expected = x
    for n in nodes[1:]:
        expected = apply(n.op, expected)
    np.testing.assert_allclose(apply(left[0].op, x), expected, rtol=1e-4, atol=1e-5)
    assert [e.source for e in folded.incoming(left[0].name)] == ["x"]


def test_a_value_with_two_consumers_is_not_folded_away():
    nodes = [source(), linear("a", np.eye(2)), linear("b", np.eye(2)), lif("l1", 2), lif("l2", 2)]
    split = graph(nodes, [("x", "a"), ("a", "b"), ("a", "l1"), ("b", "l2")])
    assert set(fold(split).nodes) == {"x", "a", "b", "l1", "l2"}


def test_layers_with_neurons_between_stay_apart():
    model = chain(source(), linear("a", np.eye(2)), lif("l1", 2), linear("b", np.eye(2)), lif("l2", 2))
    assert list(fold(model).nodes) == ["x", "a", "l1", "b", "l2"]
