"""Updates: who is driven when, as the engine delivers it, and who holds a state."""

import numpy as np
import pytest

from neurotool.chips import load_chip
from neurotool.energy import count, updates
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.passes.place import place
from neurotool.synapses import Delivery
from neurotool.targets.loihi.engine import simulate

LOIHI2 = load_chip("loihi2")


def trace_of(spikes):
    steps = next(iter(spikes.values())).shape[0]
    return Trace("loihi", 1e-3, steps, spikes, {}, {}, {}, 0.0)


def test_an_update_is_driven_in_the_rows_in_which_the_engine_delivers():
    rng = np.random.default_rng(3)
    never = {"du": np.full(48, 4095), "vth": np.full(48, 131071)} | dict.fromkeys(
        ("dv", "bias_mant", "bias_exp"), np.zeros(48, np.int64)
    )
    always = {name: values[:32] for name, values in never.items()} | {"vth": np.zeros(32, np.int64)}
    kernel, matrix = 2 * rng.integers(0, 2, (3, 2, 3, 3)), 2 * rng.integers(0, 2, (48, 32))
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", (2, 4, 4), 8)},
        {"a": Population("a", "lif", (2, 4, 4), always, 1, 1.0), "b": Population("b", "lif", (3, 4, 4), never, 2, 1.0)},
        {
            "i": Projection("i", "in", "a", 2 * np.eye(32, dtype=np.int64), message_bits=8),
            "conv": Projection("conv", "a", "b", kernel, connectivity=Convolution(padding=(1, 1))),
            "skip": Projection("skip", "in", "b", matrix, delays=rng.integers(1, 5, (48, 32)), message_bits=8),
        },
        (),
    )
    graded = rng.integers(1, 9, (9, 2, 32)) * (rng.random((9, 2, 32)) < 0.1)
    spikes = {"in": graded.astype(np.int32), **simulate(program, {"in": graded}, RunOptions()).spikes}
    assert program.lag(program.projections["skip"]) == -1  # its delays make it arrive in time
    counts = count(program, place(program, LOIHI2), trace_of(spikes), LOIHI2)

    delivered = []
    for row in range(9):
        total = np.zeros((2, 48), np.int64)
        for p in program.projections_into("b"):
            shortest, longest = p.delay_range
            rows = {delay: row - program.lag(p) - delay for delay in range(shortest, longest + 1)}
            sent = {delay: spikes[p.source][at] if at >= 0 else None for delay, at in rows.items()}
            total += Delivery(program, p).activation(sent.__getitem__)
        delivered.append(np.count_nonzero(total, axis=1).mean())
    assert counts.updates["b"].driven[2:].tolist() == delivered
    assert counts.synops["conv"].shared.sum() > 0
    assert counts.synops["conv"].dense.sum() == counts.synops["conv"].sparse.sum() == 0
    # A payload counts as one spike, however large it is.
    assert counts.sent["in"].spikes.sum() == np.count_nonzero(graded) / 2


def one_neuron(model, parameters, rows):
    """Updates of a neuron that hears one input spike in the first of some rows."""
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", (1,))},
        {"p": Population("p", model, (1,), {k: np.array([v]) for k, v in parameters.items()}, 1, 1.0)},
        {"w": Projection("w", "in", "p", np.array([[2]]))},
        (),
    )
    spikes = {"in": np.zeros((rows, 1, 1), np.bool_), "p": np.zeros((rows, 1, 1), np.int32)}
    spikes["in"][0] = True
    return count(program, place(program, LOIHI2), trace_of(spikes), LOIHI2).updates["p"]


def test_a_model_without_state_holds_nothing():
    updates = one_neuron("graded_vec", {"vth": 1}, 4)
    assert updates.driven.tolist() == [0, 1, 0, 0, 0]
    assert updates.holding.tolist() == [0, 0, 0, 0, 0]


def test_a_reset_ends_the_holding_of_a_state():
    updates = one_neuron("lif_reset", {"reset_interval": 3, "reset_offset": 5, "bias_mant": 0}, 6)
    # The neuron starts at step 1 and is reset before its rows 2 and 5, which are steps 3 and 6.
    assert updates.driven.tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert updates.holding.tolist() == [0, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(("model", "bias"), [("sigma_delta", "bias"), ("atrlif", "bias_mant")])
def test_biases_go_by_the_name_that_the_model_has_for_them(model, bias):
    assert one_neuron(model, {bias: 1}, 2).holding.tolist() == [0, 0, 1]
    assert one_neuron(model, {bias: 0}, 2).resting.tolist() == [1, 0, 0]


@pytest.mark.parametrize("density", [0.02, 1.0])
def test_both_products_mark_the_same_neurons(density, monkeypatch):
    rng = np.random.default_rng(0)
    weights = np.where(rng.random((300, 200)) < density, 2, 0)
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", (200,))},
        {"p": Population("p", "lif", (300,), {}, 1, 1.0)},
        {"w": Projection("w", "in", "p", weights)},
        (),
    )
    spikes = {"in": rng.random((20, 3, 200)) < 0.05, "p": np.zeros((20, 3, 300), np.bool_)}
    placement, trace = place(program, LOIHI2), trace_of(spikes)
    expected = [0.0, *(spikes["in"].astype(int) @ (weights.T != 0) > 0).sum(axis=2).mean(axis=1)]
    for gain in (0, 1e9):
        monkeypatch.setattr(updates, "BLAS_GAIN", gain)
        monkeypatch.setattr(updates, "BLOCK", 70_000)
        assert count(program, placement, trace, LOIHI2).updates["p"].driven.tolist() == expected
