"""Every convention against the step of its framework, written from the framework's own equations in float32.

The order of float operations differs from ours, so a spike may differ where the potential meets the threshold within
the rounding of float32, and nowhere else. Each test also runs another convention, which must give other spikes.
"""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import pytest
import torch
from float_graphs import K, chain, graph, linear, node, sink, source
from framework_steps import SnnTorch, sinabs, spikingjelly

from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.graph import Graph, edge_from
from neurotool.passes.discretise import discretise
from neurotool.targets.gpu.module import GraphModule

STEPS, BATCH, N = 200, 4, 16
ROUNDING = 1e-5
"""Distance to a threshold of about 1 that the float32 rounding of some ten operations per step can cover."""


def drawn(low, high, *shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).uniform(low, high, shape or (N,)).astype(np.float32))


def under(model: Graph, convention: str, dt: float) -> Graph:
    return discretise(replace(model, convention=CONVENTIONS[convention], dt=dt))


def population(op, kind=K.SPIKES) -> Graph:
    return chain(source("x", (N,), K.CURRENT), node("n", op, (N,), kind), sink("out", (N,), kind))


def with_recurrence(op, weight, bias) -> Graph:
    """What snnTorch's RLeaky and RSynaptic are written as, with its spikes one step late."""
    nodes = [source("x", (N,), K.CURRENT), linear("w", weight.numpy(), bias.numpy()), node("n", op, (N,), K.SPIKES)]
    made = graph([*nodes, sink("out", (N,), K.SPIKES)], [("x", "n"), ("n", "w"), ("w", "n"), ("n", "out")])
    late = edge_from(made.nodes["n"], "w", 0, 1)
    return replace(made, edges=tuple(late if (e.source, e.target) == ("n", "w") else e for e in made.edges))


def run(model: Graph, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes, and the distance of the potential to the threshold."""
    module, rows = GraphModule(model), []
    with torch.no_grad():
        module.evaluate({"x": x}, lambda _, step: rows.append((step.out, step.v_free)))
    spikes, potentials = (torch.stack(found) for found in zip(*rows, strict=True))
    return spikes, potentials - torch.tensor(model.nodes["n"].update.threshold)


def assert_only_rounding(model: Graph, x: torch.Tensor, expected: torch.Tensor) -> None:
    """The first difference of every sample lies at the threshold; what follows it in this sample is its consequence."""
    spikes, distance = run(model, x)
    different = spikes != expected
    for sample in different.any(0).any(-1).nonzero().ravel().tolist():
        first = int(different[:, sample].any(-1).nonzero()[0])
        assert distance[first, sample][different[first, sample]].abs().max() < ROUNDING
    assert different.any(0).any(-1).float().mean() < 0.5, "most samples have no difference at all"
    assert 0.02 < expected.mean() < 0.9


def assert_other(model: Graph, convention: str, dt: float, x: torch.Tensor, expected: torch.Tensor) -> None:
    spikes, _ = run(under(model, convention, dt), x)
    assert (spikes != expected).float().mean() > 0.01, f"{convention} would pass too"


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("synaptic", [False, True], ids=["Leaky", "Synaptic"])
@pytest.mark.parametrize("recurrent", [False, True], ids=["feed-forward", "recurrent"])
def test_snntorch(reset, synaptic, recurrent):
    alpha = drawn(0.2, 0.8, seed=1) if synaptic else None
    layer = SnnTorch(drawn(0.4, 0.95), alpha, drawn(0.7, 1.3, seed=2), reset)
    x = drawn(-0.6, 1.0, STEPS, BATCH, N, seed=3) * (0.5 if synaptic else 1.0)
    weight, bias = drawn(-0.5, 0.4, N, N, seed=4), drawn(-0.2, 0.3, seed=5)
    back = (lambda spikes: spikes @ weight.T + bias) if recurrent else None
    model = with_recurrence(layer.node(), weight, bias) if recurrent else population(layer.node())
    expected = layer.run(x, back)
    assert_only_rounding(under(model, f"snntorch-{reset}", 1e-4), x, expected)
    assert_other(model, {"subtract": "snntorch-zero", "zero": "snntorch-subtract"}[reset], 1e-4, x, expected)
    immediate = {"subtract": "forward-euler-subtract", "zero": "forward-euler"}[reset]
    if (reset, synaptic, recurrent) == ("zero", False, False):
        assert_only_rounding(under(model, immediate, 1e-4), x, expected)  # Leaky's late reset is an immediate one
    else:
        assert_other(model, immediate, 1e-4, x, expected)


def full(value):
    return np.full(N, value)


def test_spikingjelly_if():
    op = nir.IF(r=full(1.0 / 1e-4), v_threshold=full(0.75), v_reset=full(-0.5))
    x = (drawn(-1, 1, STEPS, BATCH, N) * 4).round() / 4  # sums of quarters are exact, and meet the threshold
    expected = spikingjelly(lambda x, v: v + x, 0.75, -0.5, x)
    model = under(population(op), "spikingjelly", 1e-4)
    assert torch.equal(run(model, x)[0], expected)
    assert (run(model, x)[1] == 0).sum() > 50
    assert_other(population(op), "forward-euler", 1e-4, x, expected)


@pytest.mark.parametrize("decay_input", [True, False])
def test_spikingjelly_lif(decay_input):
    tau, threshold, reset = 2.7, 0.8, -0.25
    r = 1.0 if decay_input else tau
    fields = {"v_leak": full(reset), "v_threshold": full(threshold), "v_reset": full(reset)}
    op = nir.LIF(tau=full(tau * 1e-4), r=full(r), **fields)
    x = drawn(-1.0, 2.0, STEPS, BATCH, N) * (1.5 if decay_input else 0.6)

    def charge(x, v):
        return v + (x - (v - reset)) / tau if decay_input else v - (v - reset) / tau + x

    expected = spikingjelly(charge, threshold, reset, x)
    assert_only_rounding(under(population(op), "spikingjelly", 1e-4), x, expected)
    assert_other(population(op), "snntorch-subtract", 1e-4, x, expected)


def test_spikingjelly_cubalif():
    c_decay, v_decay, threshold, reset = 0.4, 0.7, 0.9, 0.25
    syn, mem = 1e-4 / (1.0 - c_decay), 1e-4 / (1.0 - v_decay)
    fields = {"v_leak": full(0.0), "v_threshold": full(threshold), "v_reset": full(reset)}
    op = nir.CubaLIF(tau_syn=full(syn), tau_mem=full(mem), r=full(mem / 1e-4), w_in=full(syn / 1e-4), **fields)
    x, current = drawn(-0.5, 0.8, STEPS, BATCH, N), torch.zeros(BATCH, N)

    def charge(x, v):
        nonlocal current
        current = current * c_decay + x
        return v * v_decay + current

    expected = spikingjelly(charge, threshold, reset, x)
    assert_only_rounding(under(population(op), "spikingjelly", 1e-4), x, expected)
    assert_other(population(op), "snntorch-zero", 1e-4, x, expected)


def test_spikingjelly_starts_at_the_reset_potential():
    op = nir.IF(r=full(1.0 / 1e-4), v_threshold=full(1.0), v_reset=full(0.75))
    assert run(under(population(op), "spikingjelly", 1e-4), torch.full((1, 1, N), 0.25))[0].all()


@pytest.mark.parametrize("norm_input", [True, False])
@pytest.mark.parametrize("subtract", [True, False])
def test_sinabs_lif(norm_input, subtract):
    tau, threshold = drawn(2.0, 20.0), drawn(0.3, 0.6, seed=1)
    op = nir.LIF(tau=tau.numpy(), r=np.ones(N), v_leak=np.zeros(N), v_threshold=threshold.numpy())
    alpha = torch.exp(-1.0 / tau)
    x = drawn(-1.0, 2.5, STEPS, BATCH, N, seed=2) * (1.0 if norm_input else 0.2)
    expected = sinabs(alpha, (1 - alpha) if norm_input else 1.0, threshold, subtract, x)
    name = ("sinabs" if norm_input else "sinabs-whole") + ("" if subtract else "-reset")
    others = {"sinabs", "sinabs-whole", "sinabs-reset", "sinabs-whole-reset"} - {name}
    assert_only_rounding(under(population(op), name, 1.0), x, expected)
    for other in others:
        assert_other(population(op), other, 1.0, x, expected)


@pytest.mark.parametrize("subtract", [True, False])
def test_sinabs_iaf(subtract):
    op = nir.IF(r=np.ones(N), v_threshold=np.ones(N))
    x = (drawn(-0.5, 1, STEPS, BATCH, N) * 4).round() / 4
    expected = sinabs(1.0, 1.0, 1.0, subtract, x)
    for name in ("sinabs", "sinabs-whole"):
        model = under(population(op), name + ("" if subtract else "-reset"), 1.0)
        assert torch.equal(run(model, x)[0], expected)
    assert (run(model, x)[1] == 0).sum() > 50
    assert_other(population(op), "forward-euler-subtract" if subtract else "forward-euler", 1.0, x, expected)


def test_sinabs_readout_takes_the_whole_input():
    """``ExpLeak`` has ``norm_input=False`` unless told otherwise."""
    tau, x, v, rows = drawn(2.0, 20.0), drawn(-1.0, 1.0, 60, BATCH, N, seed=1), torch.zeros(BATCH, N), []
    op = nir.LI(tau=tau.numpy(), r=np.ones(N), v_leak=np.zeros(N))
    for row in x:
        v = torch.exp(-1.0 / tau) * v + row
        rows.append(v)
    model = under(population(op, K.FLOAT), "sinabs", 1.0)
    torch.testing.assert_close(GraphModule(model)(x)[0], torch.stack(rows), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["forward-euler", "forward-euler-subtract", "exponential-euler"])
def test_equations_in_float64(name):
    """Over a step, v moves by k of its distance to v_leak + R i; a spike at v > v_threshold acts at once."""
    tau, threshold, reset = drawn(2e-3, 20e-3).double(), 1.0, -0.2
    k = 1 - torch.exp(-1e-3 / tau) if name.startswith("exp") else 1e-3 / tau
    fields = {"v_leak": full(0.1), "v_threshold": full(threshold), "v_reset": full(reset)}
    op = nir.LIF(tau=tau.numpy(), r=full(2.0), **fields)
    x, v, rows = drawn(-0.5, 2.0, STEPS, BATCH, N, seed=1), torch.zeros(BATCH, N, dtype=torch.float64), []
    for row in x.double():
        v = v + k * (0.1 + 2.0 * row - v)
        spikes = v > threshold
        v = torch.where(spikes, v - (threshold - reset) if "subtract" in name else torch.tensor(reset).double(), v)
        rows.append(spikes.float())
    expected = torch.stack(rows)
    assert_only_rounding(under(population(op), name, 1e-3), x, expected)
    for other in {"forward-euler", "forward-euler-subtract", "exponential-euler"} - {name}:
        assert_other(population(op), other, 1e-3, x, expected)


def test_every_convention_is_tested_here_or_against_norse():
    tested = {"snntorch-subtract", "snntorch-zero", "spikingjelly", "sinabs", "sinabs-reset", "sinabs-whole"}
    tested |= {"sinabs-whole-reset", "forward-euler", "forward-euler-subtract", "exponential-euler"}
    assert set(CONVENTIONS) - tested == {"norse"}  # tests/gpu/test_reference.py, tests/converters/test_norse_neurons.py
