"""Work of a whole graph, by hand."""

from itertools import pairwise

import nir
import numpy as np
import pytest

from neurotool.energy import dense_counts_of_graph
from neurotool.energy.whole import ann_counts_of_graph
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import Graph, Node, TorchOp, edge_from
from neurotool.ir.values import TimeScope, ValueKind


def node(name, op, size, timed=True):
    return Node(name, op, (size,), ValueKind.FLOAT, timed, TimeScope.PER_STEP, name)


def graph(extra=()):
    ones = np.ones(2)
    nodes = [
        node("in", nir.Input(input_type={"input": np.array([3])}), 3),
        node("linear", nir.Linear(weight=np.zeros((2, 3))), 2),
        node("lif", nir.LIF(tau=ones, r=ones, v_leak=ones, v_threshold=ones), 2),
        node("head", nir.Affine(weight=np.zeros((4, 2)), bias=np.zeros(4)), 4, timed=False),
        *extra,
    ]
    edges = tuple(edge_from(a, b.name) for a, b in pairwise(nodes))
    return Graph({n.name: n for n in nodes}, edges, 1e-3, CONVENTIONS["norse"])


def test_work_by_hand():
    counts = dense_counts_of_graph(graph(), steps=5, batch=2)
    # Per step: 6 multiply-accumulates, 16 kernels on 2 neurons, and no arithmetic in the one that makes numbers of
    # truth values. Once: 8 multiply-accumulates and 4 biases.
    assert counts.flops == 2 * (5 * (12 + 15 * 2) + 16 + 4)
    assert counts.kernels == 5 * (1 + 16) + 1
    linear = 5 * 4 * (6 + 2 * (3 + 2))
    lif = 5 * 2 * (28 + 2 * 146)  # 7 kernels read a parameter; the values of each neuron that they read and write
    head = 4 * (8 + 4 + 2 * (2 + 4))
    assert counts.bytes_moved == linear + lif + head
    assert counts.batch == 2


def test_torch_operations_come_with_their_counts():
    relu = node("relu", TorchOp("torch.relu", abs), 4, timed=False)
    with pytest.raises(UnsupportedError) as refusal:
        dense_counts_of_graph(graph([relu]), steps=5)
    (finding,) = refusal.value.diagnostics
    assert (finding.rule, finding.node, finding.found) == ("NT-ENERGY-002", "relu", "torch.relu")

    known = DenseCounts(flops=100, bytes_moved=1000, kernels=2, batch=1)
    plain = dense_counts_of_graph(graph(), steps=5)
    added = dense_counts_of_graph(graph([relu]), steps=5, counted={("relu",): known})
    assert added.flops == plain.flops + 100
    assert added.kernels == plain.kernels + 2
    covering = dense_counts_of_graph(graph([relu]), steps=5, counted={("head", "relu"): known})
    assert covering.flops == plain.flops + 100 - 20


def test_counts_of_another_batch_are_refused():
    known = DenseCounts(flops=100, bytes_moved=1000, kernels=2, batch=8)
    with pytest.raises(UsageError, match="batch 8"):
        dense_counts_of_graph(graph(), steps=5, counted={("head",): known})


def test_an_ann_runs_every_layer_once_with_one_activation_per_neuron():
    counts = ann_counts_of_graph(graph(), batch=2)
    # 6 and 8 multiply-accumulates, 4 biases, one activation for each of 2 neurons.
    assert counts.flops == 2 * (12 + 2 + 16 + 4)
    assert counts.kernels == 3
    assert counts.bytes_moved == 4 * (6 + 2 * (3 + 2)) + 2 * 2 * 4 * 2 + 4 * (8 + 4 + 2 * (2 + 4))
    with pytest.raises(UnsupportedError, match="relu"):
        ann_counts_of_graph(graph([node("relu", TorchOp("torch.relu", abs), 4, timed=False)]))


def test_work_of_convolutions_pools_and_the_rest_by_hand():
    convolution = nir.Conv2d((6, 6), np.ones((4, 3, 3, 3)), 1, 1, 1, 1, np.zeros(4))
    layers = [
        Node("conv", convolution, (4, 6, 6), ValueKind.FLOAT, False, TimeScope.PER_STEP, "conv"),
        Node("pool", nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])), (4, 3, 3), ValueKind.FLOAT,
             False, TimeScope.PER_STEP, "pool"),
    ]  # fmt: skip
    edges = (edge_from(layers[0], "pool"),)
    counts = ann_counts_of_graph(Graph({n.name: n for n in layers}, edges, 1e-3, CONVENTIONS["norse"]))
    assert counts.flops == 36 * (2 * 4 * 3 * 9 + 4) + 36 * 4
    assert counts.kernels == 2
    assert counts.bytes_moved == 4 * (108 + 4 + 3 * 36 + 144) + 4 * 36 * 5
