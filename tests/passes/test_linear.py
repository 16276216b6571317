"""Chains of linear nodes composed into synapses act as the chain does in torch."""

from __future__ import annotations

import nir
import numpy as np
import pytest
import torch
from float_graphs import K, edge_from, graph, lif, linear, node, source
from torch.nn import functional

from neurotool.ir.graph import Graph
from neurotool.ir.program import AllToAll, Convolution, Sparse
from neurotool.passes.linear import LinearPath, PathError, collect
from neurotool.synapses.expand import convolution_taps

RNG = np.random.default_rng(3)


def conv2d(name, shape, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    bias = np.zeros(len(weight)) if bias is None else bias
    op = nir.Conv2d(
        input_shape=None, weight=weight, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias
    )
    return node(name, op, shape, K.CURRENT)


def apply(path: LinearPath, x: np.ndarray, size: int) -> np.ndarray:
    """What the composed synapses make of one value."""
    flat, connectivity = x.ravel(), path.connectivity
    if isinstance(connectivity, AllToAll):
        total = path.weights @ flat
    elif isinstance(connectivity, Sparse):
        total = np.bincount(connectivity.targets, path.weights * flat[connectivity.sources], size)
    else:
        targets, sources, places = convolution_taps(x.shape, connectivity, path.weights)
        total = np.bincount(targets, path.weights.ravel()[places] * flat[sources], size)
    return total + path.bias


def chain_to_lif(shape, *nodes) -> Graph:
    end = nodes[-1].shape
    names = [source(shape=shape), *nodes, lif("lif", int(np.prod(end)))]
    names[-1] = node("lif", names[-1].op, end, K.SPIKES)
    return graph(names, list(zip([n.name for n in names], [n.name for n in names][1:], strict=False)))


def t(x):
    return torch.from_numpy(np.asarray(x, np.float64))


def test_a_convolution_stays_one_and_equals_torch():
    weight, bias = RNG.normal(size=(4, 1, 3, 2)), RNG.normal(size=4)
    made = chain_to_lif(
        (2, 7, 6), conv2d("conv", (4, 4, 5), weight, bias, stride=(2, 1), padding=(1, 0), dilation=(1, 1), groups=2)
    )
    (path,) = collect(made, "lif")
    assert path.connectivity == Convolution((2, 1), (1, 0), (1, 1), 2)
    x = RNG.normal(size=(2, 7, 6))
    expected = functional.conv2d(t(x)[None], t(weight), t(bias), (2, 1), (1, 0), (1, 1), 2)[0]
    np.testing.assert_allclose(apply(path, x, 80).reshape(4, 4, 5), expected, atol=1e-12)


def test_pooling_behind_a_convolution_and_a_matrix_behind_both():
    weight, bias = RNG.normal(size=(3, 2, 3, 3)), RNG.normal(size=3)
    pool = node("pool", nir.AvgPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0])),
                (3, 3, 2), K.CURRENT)  # fmt: skip
    flat = node(
        "flat", nir.Flatten(input_type={"input": np.array([3, 3, 2])}, start_dim=0, end_dim=-1), (18,), K.CURRENT
    )
    dense = linear("fc", RNG.normal(size=(5, 18)), RNG.normal(size=5), kind=K.CURRENT)
    x = RNG.normal(size=(2, 6, 5))
    torch_conv = functional.conv2d(t(x)[None], t(weight), t(bias), padding=1)
    pooled = functional.avg_pool2d(torch_conv, 2)[0]
    (sparse_path,) = collect(chain_to_lif((2, 6, 5), conv2d("conv", (3, 6, 5), weight, bias, padding=1), pool), "lif")
    np.testing.assert_allclose(apply(sparse_path, x, 18), pooled.numpy().ravel(), atol=1e-12)
    whole = chain_to_lif((2, 6, 5), conv2d("conv", (3, 6, 5), weight, bias, padding=1), pool, flat, dense)
    (path,) = collect(whole, "lif")
    assert path.name == "fc"
    expected = np.asarray(dense.op.weight, np.float64) @ pooled.numpy().ravel() + dense.op.bias
    np.testing.assert_allclose(apply(path, x, 5), expected, atol=1e-6)


def test_a_scale_per_channel_keeps_the_kernel_and_another_does_not():
    weight = RNG.normal(size=(2, 1, 2, 2))
    x = RNG.normal(size=(1, 3, 3))
    plain = functional.conv2d(t(x)[None], t(weight))[0].numpy()
    for scale, kind in ((np.array([[[2.0]], [[3.0]]]) * np.ones((2, 2, 2)), Convolution),
                        (RNG.normal(size=(2, 2, 2)), (Sparse, AllToAll))):  # fmt: skip
        made = chain_to_lif(
            (1, 3, 3), conv2d("c", (2, 2, 2), weight), node("s", nir.Scale(scale), (2, 2, 2), K.CURRENT)
        )
        (path,) = collect(made, "lif")
        assert isinstance(path.connectivity, kind)
        np.testing.assert_allclose(apply(path, x, 8), (scale * plain).ravel(), atol=1e-12)


def test_one_dimensional_convolutions_are_rows():
    weight = RNG.normal(size=(3, 2, 4))
    op = nir.Conv1d(input_shape=None, weight=weight, stride=2, padding=1, dilation=2, groups=1, bias=np.zeros(3))
    made = chain_to_lif((2, 11), node("c", op, (3, 4), K.CURRENT))
    (path,) = collect(made, "lif")
    x = RNG.normal(size=(2, 11))
    expected = functional.conv1d(t(x)[None], t(weight), stride=2, padding=1, dilation=2)[0]
    np.testing.assert_allclose(apply(path, x[:, None], 12).reshape(3, 4), expected, atol=1e-12)


def test_every_path_is_found_with_its_delay():
    """x -> a -> lif, x -> (delay of 2 steps) -> b -> lif, lif -> (waits 1) -> rec -> lif."""
    wait = node("wait", nir.Delay(np.array([0.002, 0.002])), (2,), K.SPIKES)
    nodes = [source(), linear("a", np.eye(2)), wait, linear("b", [[1, 2], [3, 4]]), linear("rec", [[0, 5], [6, 0]]),
             lif("lif", 2)]  # fmt: skip
    made = graph(nodes, [("x", "a"), ("a", "lif"), ("x", "wait"), ("wait", "b"), ("b", "lif"), ("rec", "lif")])
    feedback = edge_from(made.nodes["lif"], "rec", 0, delay=1)
    made = Graph(made.nodes, (*made.edges, feedback), made.dt, made.convention)
    found = {path.name: (path.source, path.delay, path.weights.tolist()) for path in collect(made, "lif")}
    assert found["a"][:2] == ("x", 0)
    assert found["b"] == ("x", 2, [[1, 2], [3, 4]])
    assert found["rec"] == ("lif", 1, [[0, 5], [6, 0]])


def test_delays_of_each_neuron_belong_to_the_source():
    wait = node("wait", nir.Delay(np.array([0.0, 0.003])), (2,), K.SPIKES)
    made = graph([source(), wait, linear("b", np.ones((3, 2))), lif("lif", 3)],
                 [("x", "wait"), ("wait", "b"), ("b", "lif")])  # fmt: skip
    assert collect(made, "lif")[0].delay.tolist() == [0, 3]
    behind = node("wait", nir.Delay(np.array([0.0, 0.003, 0.0])), (3,), K.CURRENT)
    mixed = graph([source(), linear("b", np.ones((3, 2))), behind, lif("lif", 3)],
                  [("x", "b"), ("b", "wait"), ("wait", "lif")])  # fmt: skip
    with pytest.raises(PathError, match="wait: delays differ between neurons behind weights"):
        collect(mixed, "lif")


def test_a_bias_behind_which_there_is_a_delay_is_refused():
    wait = node("wait", nir.Delay(np.array([0.002, 0.002])), (2,), K.CURRENT)
    for bias in (None, [0.0, 1.0]):
        made = graph([source(), linear("b", np.eye(2), bias), wait, lif("lif", 2)],
                     [("x", "b"), ("b", "wait"), ("wait", "lif")])  # fmt: skip
        if bias is None:
            assert collect(made, "lif")[0].delay == 2
        else:
            with pytest.raises(PathError, match="wait: a bias waits there"):
                collect(made, "lif")


def test_a_matrix_for_each_place_is_block_diagonal():
    weight, x = RNG.normal(size=(3, 4, 2)), RNG.normal(size=(3, 2))
    op = nir.Affine(weight=weight, bias=RNG.normal(size=(3, 4)))
    (path,) = collect(chain_to_lif((3, 2), node("fc", op, (3, 4), K.CURRENT)), "lif")
    expected = np.einsum("poi,pi->po", weight, x) + op.bias
    np.testing.assert_allclose(apply(path, x, 12), expected.ravel(), atol=1e-12)
