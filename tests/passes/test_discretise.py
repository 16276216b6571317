"""Differential equations become updates: by hand, against an Euler of the equations, and to the last bit."""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import pytest
from float_graphs import K, chain, dense_op, linear, node, sink, source
from hypothesis import given
from hypothesis import strategies as st

from neurotool.errors import UnsupportedError
from neurotool.ir.convention import CONVENTIONS
from neurotool.passes.discretise import discretise

ARRAYS = ("current_decay", "input_gain", "membrane_decay", "resistance", "leak", "reset", "initial")


def arrays(**parameters):
    return {name: np.array(value, np.float64) for name, value in parameters.items()}


def updated(op, shape, *, convention="forward-euler", dt=1e-3):
    spikes = hasattr(op, "v_threshold")
    population = node("n", op, shape, K.SPIKES if spikes else K.FLOAT)
    graph = replace(chain(source(shape=shape), population, sink("y", shape)), dt=dt, convention=CONVENTIONS[convention])
    return discretise(graph).nodes["n"].update


def cuba(n=1, *, tau_syn=5e-3, tau_mem=10e-3, r=2.0, v_leak=0.25, v_threshold=1.0, v_reset=-0.5, w_in=3.0):
    def full(value):
        return np.full(n, value, np.float64)

    return nir.CubaLIF(
        tau_syn=full(tau_syn),
        tau_mem=full(tau_mem),
        r=full(r),
        v_leak=full(v_leak),
        v_threshold=full(v_threshold),
        v_reset=full(v_reset),
        w_in=full(w_in),
    )


def test_cubalif_by_hand():
    update = updated(cuba(2), (2,))
    assert update.leaky and update.spikes
    assert update.current_decay.tolist() == [0.2, 0.2]  # 1 ms / 5 ms
    np.testing.assert_allclose(update.input_gain, 0.6, rtol=1e-15)  # 0.2 * 3
    assert update.membrane_decay.tolist() == [0.1, 0.1]
    assert update.resistance.tolist() == [2.0, 2.0]
    assert update.leak.tolist() == [0.25, 0.25]
    assert update.threshold.tolist() == [1.0, 1.0]
    assert update.reset.tolist() == [-0.5, -0.5]
    assert update.initial.tolist() == [0.0, 0.0]


def test_lif_has_no_current_memory():
    op = nir.LIF(**arrays(tau=[4e-3], r=[2.0], v_leak=[0.5], v_threshold=[1.0], v_reset=[0.125]))
    update = updated(op, (1,))
    assert update.current_decay == 1 and update.input_gain == 1 and not update.has_current_memory
    assert update.membrane_decay == 0.25 and update.resistance == 2.0 and update.leak == 0.5 and update.reset == 0.125


def test_if_integrates_over_the_step():
    op = nir.IF(**arrays(r=[500.0], v_threshold=[1.0], v_reset=[0.25]))
    update = updated(op, (1,))
    assert not update.leaky
    assert update.membrane_decay == 0 and update.leak == 0 and update.current_decay == 1
    assert update.resistance == 0.5  # 500 * 1 ms
    assert update.current_to_membrane == 0.5


@pytest.mark.parametrize(
    "op",
    [
        nir.LI(**arrays(tau=[4e-3], r=[2.0], v_leak=[0.5])),
        nir.CubaLI(**arrays(tau_syn=[2e-3], tau_mem=[4e-3], r=[2.0], v_leak=[0.5], w_in=[3.0])),
    ],
    ids=["LI", "CubaLI"],
)
def test_readouts_never_fire(op):
    update = updated(op, (1,))
    assert update.threshold is None and update.reset == 0.0
    assert update.membrane_decay == 0.25 and update.leak == 0.5
    assert update.input_gain == (1.0 if isinstance(op, nir.LI) else 1.5)


def test_exponential_euler_covers_the_exact_share():
    update = updated(cuba(), (1,), convention="exponential-euler")
    assert update.current_decay[0] == pytest.approx(1 - np.exp(-0.2), rel=1e-14)
    assert update.membrane_decay[0] == pytest.approx(1 - np.exp(-0.1), rel=1e-14)
    assert update.input_gain[0] == pytest.approx(3 * (1 - np.exp(-0.2)), rel=1e-14)


@pytest.mark.parametrize(("convention", "cuba_start", "if_start"), [("norse", 0.25, 0.75), ("forward-euler", 0.0, 0.0)])
def test_initial_membrane(convention, cuba_start, if_start):
    without_leak = nir.IF(**arrays(r=[1.0], v_threshold=[1.0], v_reset=[0.75]))
    assert updated(cuba(), (1,), convention=convention).initial == cuba_start
    assert updated(without_leak, (1,), convention=convention).initial == if_start


def test_scalars_are_spread_and_arrays_are_float64_copies():
    op = cuba(1)
    op.tau_syn = np.array(5e-3, np.float32)
    shape = (2, 3)
    update = updated(op, shape)
    for name in (*ARRAYS, "threshold"):
        value = getattr(update, name)
        assert value.shape == shape and value.dtype == np.float64 and value.flags.writeable, name
    assert not np.shares_memory(update.resistance, op.r)


def test_only_neurons_change_and_the_graph_stays_as_it_was():
    graph = chain(source(), linear("w", np.eye(2)), node("n", cuba(2), (2,), K.SPIKES), dense_op("d", (2,), True))
    done = discretise(graph)
    assert graph.nodes["n"].update is None
    assert list(done.nodes) == list(graph.nodes) and done.edges == graph.edges
    assert all(done.nodes[n] is graph.nodes[n] for n in ("x", "w", "d"))


def test_all_steep_time_constants_are_listed():
    graph = chain(
        source(shape=(1,)),
        node("a", cuba(tau_syn=0.5e-3, tau_mem=0.2e-3), (1,), K.SPIKES),
        node("b", cuba(), (1,), K.SPIKES),
        node("c", cuba(tau_mem=0.9e-3), (1,), K.SPIKES),
    )
    with pytest.raises(UnsupportedError) as caught:
        discretise(graph)
    found = caught.value.diagnostics
    assert [(d.rule, d.node) for d in found] == [("NT-DISC-001", "a"), ("NT-DISC-001", "a"), ("NT-DISC-001", "c")]
    assert "tau_syn of 500 µs" in found[0].message and "1 ms" in found[0].limit
    discretise(replace(graph, convention=CONVENTIONS["exponential-euler"]))


@pytest.mark.parametrize("dt", [1e-3, 1e-4, 3e-4, 0.7e-3])
def test_a_time_constant_of_one_step_is_allowed_in_float32_too(dt):
    for tau in (np.float64(dt), np.float32(dt)):
        update = updated(cuba(tau_syn=tau, tau_mem=tau), (1,), dt=dt)
        assert update.current_decay == 1.0 and update.membrane_decay == 1.0 and not update.has_current_memory


def test_an_integrator_adds_and_never_fires():
    update = updated(nir.I(r=np.array([500.0])), (1,))
    assert not update.leaky and update.threshold is None and update.subtract is None
    assert update.resistance == 0.5 and update.initial == 0 and not update.has_current_memory


@pytest.mark.parametrize("convention", list(CONVENTIONS))
def test_a_threshold_is_strict_and_keeps_nothing_under_every_convention(convention):
    update = updated(nir.Threshold(np.array([0.75])), (1,), convention=convention)
    assert update.threshold == 0.75 and not update.inclusive
    assert update.membrane_decay == 1 and update.resistance == 1 and update.leak == 0 and update.initial == 0
    assert update.subtract is None and update.refractory == 0


def test_update_equals_euler_of_the_equations():
    rng = np.random.default_rng(7)
    n, steps, dt = 5, 200, 1e-3
    op = nir.CubaLIF(
        tau_syn=rng.uniform(2e-3, 20e-3, n),
        tau_mem=rng.uniform(2e-3, 20e-3, n),
        r=rng.uniform(0.5, 2, n),
        v_leak=rng.uniform(-0.2, 0.2, n),
        v_threshold=rng.uniform(0.5, 1, n),
        v_reset=rng.uniform(-0.2, 0.2, n),
        w_in=rng.uniform(0.5, 3, n),
    )
    update = updated(op, (n,), dt=dt)
    x = rng.uniform(0, 3, (steps, n))
    i, v = np.zeros(n), np.zeros(n)
    u, w = np.zeros(n), update.initial.copy()
    fired = 0
    for drive in x:
        i = i + dt * (-i + op.w_in * drive) / op.tau_syn
        v = v + dt * ((op.v_leak - v) + op.r * i) / op.tau_mem
        spikes = v > op.v_threshold
        v = np.where(spikes, op.v_reset, v)
        u = (1 - update.current_decay) * u + update.input_gain * drive
        w = w + update.membrane_decay * ((update.leak - w) + update.resistance * u)
        assert np.array_equal(w > update.threshold, spikes)
        w = np.where(w > update.threshold, update.reset, w)
        np.testing.assert_allclose(w, v, atol=1e-12)
        fired += spikes.sum()
    assert fired > 20


def test_exponential_euler_follows_the_solution_for_a_constant_current():
    op = nir.LI(**arrays(tau=[7e-3], r=[2.0], v_leak=[0.5]))
    update = updated(op, (1,), convention="exponential-euler")
    v = update.initial
    for step in range(1, 50):
        v = v + update.membrane_decay * ((update.leak - v) + update.resistance * 0.3)
        rest = 0.5 + 2.0 * 0.3
        assert v[0] == pytest.approx(rest * (1 - np.exp(-step * 1e-3 / 7e-3)), rel=1e-12)


steps = st.floats(1e-6, 1e-2)
ratios = st.floats(1.0, 1e4)


@given(dt=steps, ratio=ratios)
def test_norse_gain_of_one_is_exact(dt, ratio):
    tau = dt * ratio
    update = updated(cuba(tau_syn=tau, tau_mem=tau, w_in=tau / dt), (1,), dt=dt)
    assert update.input_gain == 1.0


@given(dt=steps, ratio=ratios, gain=st.floats(2.0**-10, 2.0**10, width=32))
def test_float32_gains_are_exact(dt, ratio, gain):
    tau = dt * ratio
    update = updated(cuba(tau_syn=tau, tau_mem=tau, w_in=gain * (tau / dt)), (1,), dt=dt)
    assert update.input_gain == gain


@given(dt=steps)
def test_norse_integrators_add_their_input_exactly(dt):
    op = nir.IF(**arrays(r=[1 / dt], v_threshold=[1.0], v_reset=[0.0]))
    assert updated(op, (1,), dt=dt).resistance == 1.0


def test_gains_that_are_no_float32_numbers_are_kept():
    assert updated(cuba(w_in=0.1234567890123), (1,)).input_gain == 0.2 * 0.1234567890123
