"""Graphs beyond chains: sums, skips that wait, several ends and loops, against loops over time in plain torch."""

from __future__ import annotations

import nir
import norse.torch as norse
import numpy as np
import pytest
import torch
from float_graphs import K, graph, lif, linear, node, readout, sink, source

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.graph import Graph, Operand, TorchOp, edge_from
from neurotool.targets.gpu import TARGET
from neurotool.targets.gpu.module import GraphModule

DT = 1e-3


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def wired(nodes, *links) -> Graph:
    """A graph from (source, target) or (source, target, delay)."""
    made = graph(nodes, [link[:2] for link in links])
    edges = tuple(
        edge_from(made.nodes[e.source], e.target, e.argument, *link[2:])
        for e, link in zip(made.edges, links, strict=True)
    )
    return Graph(made.nodes, edges, DT, made.convention)


def outputs(model, **inputs):
    return TARGET.run_graph(model, inputs, RunOptions()).outputs


@pytest.mark.parametrize("delay", [1, 3, 8])
def test_an_edge_that_waits_is_a_shift_in_time(delay):
    model = wired(
        [source("x", (2,), K.CURRENT), linear("w", [[1, 2]]), sink("out", (1,))], ("x", "w", delay), ("w", "out")
    )
    x = drawn(5, 3, 2)
    expected = np.zeros((5, 3, 1), np.float32)
    expected[delay:] = (x[..., :1] + 2 * x[..., 1:])[: max(5 - delay, 0)]
    np.testing.assert_allclose(outputs(model, x=x)["out"], expected, rtol=1e-6)


def test_edges_into_every_kind_of_node_add_up_and_there_may_be_several_ends():
    """Two inputs meet in a pool, a skip meets its own past in an output; all by hand."""
    pool = nir.SumPool2d(np.array([1, 2]), np.array([1, 2]), np.array([0, 0]))
    nodes = [
        source("a", (1, 1, 2), K.CURRENT),
        source("b", (1, 1, 2), K.CURRENT),
        node("p", pool, (1, 1, 1), K.CURRENT),
        node("s", nir.Scale(np.full((1, 1, 1), 3.0)), (1, 1, 1), K.CURRENT),
        sink("sum", (1, 1, 1)),
        sink("pool", (1, 1, 1)),
    ]
    links = [("a", "p"), ("b", "p"), ("p", "s"), ("p", "s", 1), ("s", "sum"), ("p", "sum", 2), ("p", "pool")]
    a, b = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]]), np.array([[10.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    found = outputs(wired(nodes, *links), a=a.reshape(3, 1, 1, 1, 2), b=b.reshape(3, 1, 1, 1, 2))
    assert found["pool"].ravel().tolist() == [13.0, 7.0, 2.0]
    assert found["sum"].ravel().tolist() == [39.0, 60.0, 27.0 + 13.0]  # 3 (p[t] + p[t-1]) + p[t-2]


def recurrent(weight, back, **coefficients) -> Graph:
    """A population that hears its own spikes one step later."""
    n = len(back)
    nodes = [source("x", (len(weight[0]),)), linear("w", weight), linear("back", back), lif("n", n, **coefficients)]
    links = [("x", "w"), ("w", "n"), ("n", "back", 1), ("back", "n"), ("n", "out")]
    return wired([*nodes, sink("out", (n,), K.SPIKES)], *links)


def test_a_population_that_hears_itself_equals_norse():
    """Weights that are whole sixteenths and a current without memory, so that the order of sums changes nothing."""
    n, steps = 12, 300
    weight, back = (np.round(drawn(n, k, seed=k) * 16) / 8 for k in (5, n))
    p = norse.LIFParameters(tau_syn_inv=torch.tensor(1000.0), tau_mem_inv=torch.tensor(173.0))
    cell, state, rows = norse.LIFRecurrentCell(5, n, p), None, []
    cell.input_weights.data, cell.recurrent_weights.data = torch.tensor(weight), torch.tensor(back)
    x = (drawn(steps, 4, 5) > 0.3).astype(np.float32)
    for row in torch.tensor(x):
        spikes, state = cell(row, state)
        rows.append(spikes)
    expected = torch.stack(rows).detach().numpy()
    share = float(DT * p.tau_mem_inv)
    found = outputs(recurrent(weight, back, ku=1.0, kv=share), x=x)["out"]
    assert 0.05 < expected.mean() < 0.9
    assert np.array_equal(found, expected > 0)


def network_with_loops() -> Graph:
    """A delay node and a convolution inside a loop of two populations, a loop in a loop, and a read-out behind."""
    kernel = drawn(2, 1, 1, 3, seed=3)
    conv = nir.Conv2d((1, 4), kernel, 1, (0, 1), 1, 1, drawn(2, seed=4))
    flat = nir.Flatten({"input": np.array([2, 1, 4])}, start_dim=0, end_dim=-1)
    image = nir.Flatten({"input": np.array([4])}, start_dim=0, end_dim=-1)
    nodes = [
        source("x", (4,)),
        lif("a", 4, ku=0.5, kv=0.25, threshold=0.5),
        node("late", nir.Delay(np.array([0, 1, 2, 3]) * DT), (4,), K.SPIKES),
        node("image", image, (1, 1, 4), K.SPIKES),
        node("conv", conv, (2, 1, 4), K.CURRENT),
        node("flat", flat, (8,), K.CURRENT),
        linear("self", drawn(8, 8, seed=6)),
        lif("b", 8, kv=0.5, threshold=0.3),
        linear("back", drawn(4, 8, seed=5)),
        linear("r", drawn(3, 8, seed=7)),
        readout("o", 3, kv=0.25),
        sink("out", (3,)),
    ]
    forward = [("x", "a"), ("a", "late"), ("late", "image"), ("image", "conv"), ("conv", "flat"), ("flat", "b")]
    loops = [("b", "back"), ("back", "a", 2), ("b", "self", 1), ("self", "b")]
    return wired(nodes, *forward, *loops, ("b", "r"), ("r", "o"), ("o", "out"))


def stepped_by_hand(x: torch.Tensor, kernel, bias, back, own, read):
    """The same network as one loop over time, in plain torch."""
    steps, batch = x.shape[:2]
    i, v, w, o = (torch.zeros(batch, n) for n in (4, 4, 8, 3))
    spikes_a, spikes_b, rows = [], [torch.zeros(batch, 8)] * 2, []
    for t in range(steps):
        i = i + (x[t] + spikes_b[-2] @ back.T)
        v = v + 0.25 * (i - v)
        i = 0.5 * i
        spikes_a.append((v > 0.5).float())
        v = torch.where(v > 0.5, 0.0, v)
        late = torch.stack([spikes_a[t - k][:, k] if t >= k else torch.zeros(batch) for k in range(4)], 1)
        current = torch.nn.functional.conv1d(late[:, None], kernel, bias, padding=1).flatten(1)
        w = w + 0.5 * (current + spikes_b[-1] @ own.T - w)
        spikes_b.append((w > 0.3).float())
        w = torch.where(w > 0.3, 0.0, w)
        o = o + 0.25 * (spikes_b[-1] @ read.T - o)
        rows.append(o)
    return torch.stack(spikes_a), torch.stack(spikes_b[2:]), torch.stack(rows)


def test_nested_loops_through_delays_and_convolutions_equal_a_loop_by_hand():
    model, x = network_with_loops(), (drawn(60, 3, 4, seed=8) > 0).astype(np.float32)
    weights = [drawn(2, 1, 1, 3, seed=3)[:, :, 0], drawn(2, seed=4), drawn(4, 8, seed=5), drawn(8, 8, seed=6)]
    a, b, o = stepped_by_hand(torch.tensor(x), *map(torch.tensor, (*weights, drawn(3, 8, seed=7))))
    trace = TARGET.run_graph(model, {"x": x}, RunOptions(probes=("v",)))
    assert 0.1 < a.mean() < 0.9
    assert 0.1 < b.mean() < 0.9
    assert np.array_equal(trace.spikes["a"], a.numpy() > 0)
    assert np.array_equal(trace.spikes["b"], b.numpy() > 0)
    np.testing.assert_allclose(trace.outputs["out"], o, atol=1e-5)
    assert trace.states["a"]["v"].shape == (60, 3, 4)


def test_gradient_flows_through_a_loop_as_through_one_by_hand():
    weight, back = drawn(3, 2, seed=1), drawn(3, 3, seed=2)
    x = torch.tensor(np.abs(drawn(12, 4, 2, seed=3)) * 2)
    module = GraphModule(recurrent(weight, back, kv=0.5))
    module(x)[0].sum().backward()
    found = [p.grad for p in module.parameters()]

    w, r = (torch.tensor(m, requires_grad=True) for m in (weight, back))
    v, s, total = torch.zeros(4, 3), torch.zeros(4, 3), torch.zeros(())
    for row in x:
        v = v + 0.5 * ((row @ w.T + s @ r.T) - v)
        slope = (v - 1) / (1 + (v - 1).abs())  # its derivative is the surrogate's
        s = (v > 1).float() + slope - slope.detach()
        v = (1 - s) * v
        total = total + s.sum()
    total.backward()
    for ours, theirs in zip(found, (w.grad, r.grad), strict=True):
        assert theirs.count_nonzero() > theirs.numel() / 2
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_loop_that_nothing_drives_runs_as_long_as_the_inputs():
    bias = node("back", nir.Affine(np.zeros((1, 1), np.float32), np.ones(1, np.float32)), (1,), K.CURRENT)
    nodes = [source("x", (1,)), bias, lif("n", 1, leaky=False, threshold=2.5), sink("out", (1,), K.SPIKES)]
    found = outputs(wired(nodes, ("n", "back", 1), ("back", "n"), ("n", "out")), x=np.zeros((7, 2, 1)))
    assert found["out"][:, 0, 0].tolist() == [False, False, True, False, False, True, False]


def test_operations_on_one_step_may_lie_in_a_loop():
    """A gate of the user's own, with a value that has no time axis, against a loop by hand."""
    gate = TorchOp("gate", lambda s, c: s * c, (Operand(0), Operand(1)), sees_time=False)
    nodes = [
        source("x", (2,), K.CURRENT),
        source("c", (2,), K.FLOAT, timed=False),
        node("gate", gate, (2,), K.CURRENT),
        lif("n", 2, leaky=False, threshold=0.0, reset=0.0),
        sink("out", (2,), K.SPIKES),
    ]
    links = [("x", "n"), ("n", "gate", 1), ("c", "gate"), ("gate", "n"), ("n", "out")]
    x, c = drawn(30, 3, 2), -np.abs(drawn(3, 2, seed=1))
    v, s, expected = np.zeros((3, 2), np.float32), np.zeros((3, 2), bool), []
    for row in x:
        v = v + (row + s * c)
        s = v > 0
        v = np.where(s, 0, v)
        expected.append(s)
    assert np.array_equal(outputs(wired(nodes, *links), x=x, c=c)["out"], np.stack(expected))


def test_loops_that_no_step_can_order_are_refused():
    nodes = [source("x", (2,)), lif("a", 2), lif("b", 2), sink("out", (2,), K.SPIKES)]
    links = [("x", "a"), ("a", "b"), ("b", "a"), ("b", "out")]
    with pytest.raises(UnsupportedError, match="'a' hears 'b', which runs after it in the same time step"):
        outputs(wired(nodes, *links), x=np.zeros((1, 1, 2)))
    with pytest.raises(UnsupportedError, match="'a' hears 'a'"):
        outputs(wired(nodes, ("x", "a"), ("a", "a")), x=np.zeros((1, 1, 2)))
    mean = node("m", TorchOp("Tensor.cumsum", torch.Tensor.cumsum, kwargs={"dim": 0}), (2,), K.FLOAT)
    whole = [source("x", (2,)), lif("a", 2), mean, sink("out", (2,), K.SPIKES)]
    with pytest.raises(UnsupportedError, match="lies in a loop and takes all time steps at once"):
        outputs(wired(whole, ("x", "a"), ("a", "m"), ("m", "a", 1), ("a", "out")), x=np.zeros((1, 1, 2)))


def test_values_without_time_cannot_wait():
    nodes = [source("x", (2,), K.FLOAT, timed=False), linear("w", np.eye(2), timed=False), sink("o", (2,), timed=False)]
    with pytest.raises(UnsupportedError, match="'x' to 'w' waits for 1 time steps, but its value has no time axis"):
        outputs(wired(nodes, ("x", "w", 1), ("w", "o")), x=np.zeros((1, 2)))
