"""The float reference against hand-computed numbers and against the Norse modules themselves."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import nir
import norse.torch as norse
import numpy as np
import pytest
import torch
from float_graphs import K, chain, graph, lif, linear, node, readout, sink, source, update

from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import RunOptions, TorchTarget
from neurotool.ir.graph import Operand, TorchOp
from neurotool.targets.gpu import TARGET
from neurotool.targets.gpu.module import GraphModule
from neurotool.targets.gpu.neuron import Neuron

DT = 1e-3


def run(model, x, *probes):
    return TARGET.run_graph(model, {"x": np.asarray(x)}, RunOptions(probes=probes))


def population(make, n=3, **coefficients):
    """An input of ``n`` currents into one population."""
    name = "n"
    made = make(name, n, **coefficients)
    return chain(source("x", (n,), K.CURRENT), made, sink("out", (n,), made.kind))


def share(inverse_time_constant) -> float:
    """Decay per step, rounded as Norse rounds it."""
    return float(DT * torch.as_tensor(inverse_time_constant))


def test_target_keeps_its_protocol_and_imports_no_torch():
    assert isinstance(TARGET, TorchTarget)
    assert TARGET.available().ok
    assert torch.__version__ in TARGET.available().detail
    code = "import sys, neurotool.targets.gpu; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_current_and_membrane_by_hand():
    """Decays 1/2 and 1/4, leak 2, resistance 3, threshold 5, reset -1, start 1: all exact in binary."""
    model = population(lif, 1, ku=0.5, kv=0.25, leak=2.0, r=3.0, threshold=5.0, reset=-1.0, initial=1.0)
    trace = run(model, [[[4.0]], [[2.0]], [[0.0]]], "u", "v")
    # u: 4; 2 + 2 = 4; 2.  v: 1 + (2-1+12)/4 = 4.25; 4.25 + (2-4.25+12)/4 = 6.6875 fires, -1; -1 + (2+1+6)/4 = 1.25
    assert trace.states["n"]["u"].ravel().tolist() == [4.0, 4.0, 2.0]
    assert trace.states["n"]["v"].ravel().tolist() == [4.25, -1.0, 1.25]
    assert trace.spikes["n"].ravel().tolist() == [False, True, False]
    assert trace.spikes["n"].dtype == np.bool_


def test_threshold_is_strict():
    assert not run(population(lif, 1, leaky=False, threshold=1.0), [[[1.0]]]).spikes["n"].any()
    assert run(population(lif, 1, leaky=False, threshold=1.0), [[[1.0000001]]]).spikes["n"].all()


def altered(n, changes, **coefficients):
    """A population with fields of its update replaced."""
    made = replace(update(n, **coefficients), **changes)
    return chain(source("x", (n,), K.CURRENT), replace(lif("n", n), update=made), sink("out", (n,), K.SPIKES))


def test_inclusive_threshold_fires_at_equality():
    below, at = np.nextafter(np.float32(1), np.float32(0)), np.float32(1)
    model = altered(2, {"inclusive": True}, leaky=False, threshold=1.0)
    assert run(model, [[[below, at]]]).spikes["n"].ravel().tolist() == [False, True]


def test_subtraction_by_hand():
    model = altered(1, {"subtract": np.array([1.5])}, leaky=False, threshold=1.0)
    trace = run(model, np.reshape([2.0, 0.25, 0.5, 4.0, 0.0, 0.0], (6, 1, 1)), "v")
    # 2 fires, 0.5; 0.75; 1.25 fires, -0.25; 3.75 fires, 2.25; 2.25 fires, 0.75; 0.75
    assert trace.states["n"]["v"].ravel().tolist() == [0.5, 0.75, -0.25, 2.25, 0.75, 0.75]
    assert trace.spikes["n"].ravel().tolist() == [True, False, True, True, True, False]


@pytest.mark.parametrize(
    ("period", "potentials", "spikes"),
    [
        (1, [1.0, -1.0, -1.0, 1.0, -1.0, -1.0], [0, 1, 0, 0, 1, 0]),
        (2, [1.0, -1.0, -1.0, -1.0, 1.0, -1.0], [0, 1, 0, 0, 0, 1]),
    ],
)
def test_refractory_steps_hold_the_potential_and_not_the_current(period, potentials, spikes):
    """Input 4 once, then 2, and a current that halves: u is 4 in every step, v moves half way."""
    model = altered(1, {"refractory": period}, ku=0.5, kv=0.5, threshold=1.5, reset=-1.0, leak=-1.0)
    trace = run(model, np.reshape([4.0, 2.0, 2.0, 2.0, 2.0, 2.0], (6, 1, 1)), "u", "v")
    assert trace.states["n"]["u"].ravel().tolist() == [4.0] * 6
    assert trace.states["n"]["v"].ravel().tolist() == potentials
    assert trace.spikes["n"].ravel().tolist() == [bool(s) for s in spikes]


def test_input_gain_scales_the_current():
    coefficients = update(1, ku=0.5, leaky=False, threshold=None)
    object.__setattr__(coefficients, "input_gain", np.array([0.25]))
    read = node("n", nir.LI(np.ones(1), np.ones(1), np.ones(1)), (1,), K.FLOAT, update=coefficients)
    trace = run(chain(source("x", (1,), K.CURRENT), read, sink("out", (1,))), [[[8.0]], [[0.0]]], "u")
    assert trace.states["n"]["u"].ravel().tolist() == [2.0, 1.0]
    assert trace.outputs["out"].ravel().tolist() == [2.0, 3.0]


def test_lif_equals_norse_bit_for_bit():
    p = norse.LIFParameters(tau_syn_inv=torch.tensor(317.0), tau_mem_inv=torch.tensor(83.0), v_leak=torch.tensor(0.1))
    x = torch.randn(200, 5, 3) * 4
    spikes, state = norse.LIF(p)(x)
    model = population(
        lif, ku=share(p.tau_syn_inv), kv=share(p.tau_mem_inv), leak=float(p.v_leak), initial=float(p.v_leak)
    )
    trace = run(model, x.numpy(), "v")
    assert 0.05 < spikes.mean() < 0.9
    assert np.array_equal(trace.spikes["n"], spikes.detach().numpy() > 0)
    assert np.array_equal(trace.states["n"]["v"][-1], state.v.detach().numpy())


def test_lif_without_current_equals_norse_bit_for_bit():
    p = norse.LIFBoxParameters(tau_mem_inv=torch.tensor(137.0))
    cell, state, x, rows = norse.LIFBoxCell(p), None, torch.randn(200, 5, 3) * 6, []
    for row in x:
        spikes, state = cell(row, state)
        rows.append(spikes)
    trace = run(population(lif, kv=share(p.tau_mem_inv)), x.numpy(), "v")
    assert np.array_equal(trace.spikes["n"], torch.stack(rows).detach().numpy() > 0)
    assert np.array_equal(trace.states["n"]["v"][-1], state.v.detach().numpy())


def test_integrate_and_fire_equals_norse_bit_for_bit():
    cell, state, x, rows = (
        norse.IAFCell(norse.IAFParameters(v_reset=torch.tensor(-0.3))),
        None,
        torch.randn(200, 5, 3),
        [],
    )
    for row in x:
        spikes, state = cell(row, state)
        rows.append(spikes)
    model = population(lif, leaky=False, reset=-0.3)
    assert np.array_equal(run(model, x.numpy()).spikes["n"], torch.stack(rows).detach().numpy() > 0)


def test_leaky_integrator_equals_norse_bit_for_bit():
    p = norse.LIParameters(tau_syn_inv=torch.tensor(211.0), tau_mem_inv=torch.tensor(59.0))
    x = torch.randn(100, 5, 3)
    potentials, _ = norse.LI(p)(x)
    trace = run(population(readout, ku=share(p.tau_syn_inv), kv=share(p.tau_mem_inv)), x.numpy())
    assert np.array_equal(trace.outputs["out"], potentials.detach().numpy())
    assert "n" not in trace.spikes


def test_step_by_step_equals_the_whole_raster():
    neuron = Neuron(update(3, ku=0.3, kv=0.2))
    x, state, rows = torch.randn(30, 2, 3) * 3, neuron.initial_state(2), []
    for row in x:
        result, state = neuron.step(row, state)
        rows.append(result.out)
    assert torch.equal(neuron(x), torch.stack(rows))


def test_gradient_reaches_weights_through_spikes_as_in_norse():
    weight, x = np.array([[0.9, -0.4], [0.3, 0.8]], np.float32), torch.rand(20, 4, 2) * 3
    p = norse.LIFParameters(tau_syn_inv=torch.tensor(300.0), tau_mem_inv=torch.tensor(100.0))
    dense = torch.nn.Linear(2, 2, bias=False)
    dense.weight.data = torch.tensor(weight)
    norse.LIF(p)(dense(x))[0].sum().backward()
    neurons = lif("n", 2, ku=share(p.tau_syn_inv), kv=share(p.tau_mem_inv))
    module = GraphModule(chain(source("x", (2,)), linear("w", weight), neurons, sink("out", (2,), K.SPIKES)))
    module(x)[0].sum().backward()
    (gradient,) = [p.grad for p in module.parameters()]
    assert dense.weight.grad.abs().min() > 0
    torch.testing.assert_close(gradient, dense.weight.grad)


def test_stateless_nodes_by_hand():
    flatten = node("f", nir.Flatten({"input": np.array([2, 2])}, start_dim=0, end_dim=-1), (4,), K.CURRENT)
    scale = node("s", nir.Scale(np.array([1.0, 2.0, 3.0, 4.0])), (4,), K.CURRENT)
    weights = linear("w", [[1, 1, 1, 1], [0, 0, 0, -1]], [10, 20])
    model = chain(source("x", (2, 2), K.CURRENT), flatten, scale, weights, sink("out", (2,)))
    trace = run(model, [[[[1.0, 2.0], [3.0, 4.0]]], [[[0.0, 0.0], [0.0, 1.0]]]])
    assert trace.outputs["out"].tolist() == [[[40.0, 4.0]], [[14.0, 16.0]]]
    assert (trace.steps, trace.batch) == (2, 1)


def test_torch_operations_see_time_or_one_step():
    seen = []

    def note(value, scale, values):
        seen.append(tuple(value.shape))
        return value * scale + values[0]

    arguments = (Operand(0), torch.tensor(2.0), [Operand(1)])
    per_step = node("p", TorchOp("note", note, arguments, sees_time=False), (3,), K.FLOAT)
    mean = node("m", TorchOp("Tensor.mean", torch.Tensor.mean, kwargs={"dim": 0}), (3,), K.FLOAT, timed=False)
    nodes = [source("x", (3,), K.FLOAT), source("c", (3,), K.FLOAT, timed=False), per_step, mean]
    model = graph([*nodes, sink("out", (3,), timed=False)], [("x", "p"), ("c", "p"), ("p", "m"), ("m", "out")])
    x, c = np.arange(24, dtype=np.float32).reshape(4, 2, 3), np.ones((2, 3), np.float32)
    trace = TARGET.run_graph(model, {"x": x, "c": c}, RunOptions())
    assert seen == [(2, 3)] * 4
    assert np.array_equal(trace.outputs["out"], x.mean(0) * 2 + 1)
    assert trace.steps == 4


def test_modules_of_the_user_are_left_alone():
    dropout = torch.nn.Sequential(torch.nn.Dropout(0.9), torch.nn.BatchNorm1d(3)).train()
    model = chain(source("x", (3,), K.FLOAT, timed=False), node("d", TorchOp("d", dropout), (3,), K.FLOAT, timed=False))
    model = graph([*model.nodes.values(), sink("out", (3,), timed=False)], [("x", "d"), ("d", "out")])
    run(model, np.ones((4, 3)))
    assert dropout.training
    assert dropout[1].num_batches_tracked == 0


def test_inputs_are_recorded_with_their_kind():
    model = chain(source("x", (2,)), linear("w", np.eye(2)), sink("out", (2,)))
    assert run(model, np.array([[[0, 1]]], np.uint8)).spikes["x"].dtype == np.bool_
    assert run(model, np.array([[[0, 5]]])).spikes["x"].tolist() == [[[0, 5]]]
    with pytest.raises(UsageError, match="'x' carries spikes"):
        run(model, np.array([[[0, 0.5]]]))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input 'x' is missing"),
        ({"x": np.zeros((2, 1, 2)), "y": np.zeros(1)}, "'y' is not an input"),
        ({"x": np.zeros((2, 1, 3))}, r"expected \[time, batch, 2\]"),
        ({"x": np.zeros((1, 2))}, r"expected \[time, batch, 2\]"),
        ({"x": np.zeros((0, 1, 2))}, "time steps"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, message):
    model = chain(source("x", (2,)), lif("n", 2), sink("out", (2,), K.SPIKES))
    with pytest.raises(UsageError, match=message):
        TARGET.run_graph(model, inputs, RunOptions())


def test_unknown_probe_and_node_are_refused():
    model = chain(source("x", (2,)), lif("n", 2), sink("out", (2,), K.SPIKES))
    with pytest.raises(UsageError, match="no state named 'w'"):
        run(model, np.zeros((1, 1, 2)), "w")
    inner = node("d", nir.NIRGraph({}, [], type_check=False), (2,), K.SPIKES)
    with pytest.raises(UnsupportedError, match="'d': the torch target cannot run a NIRGraph"):
        run(chain(source("x", (2,)), inner, sink("out", (2,))), np.zeros((1, 1, 2)))


def test_operation_that_fails_is_named():
    broken = node("d", TorchOp("torch.nn.Linear", torch.nn.Linear(5, 2)), (2,), K.FLOAT)
    with pytest.raises(UnsupportedError, match=r"'d' \(torch.nn.Linear\) fails on input of shape \(1, 1, 2\)"):
        run(chain(source("x", (2,)), broken, sink("out", (2,))), np.zeros((1, 1, 2)))
