"""What the conventions make of one node: resets, thresholds, starts and gains, by hand."""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import pytest
from float_graphs import K, chain, graph, linear, node, sink, source

from neurotool.errors import UnsupportedError
from neurotool.ir.convention import CONVENTIONS
from neurotool.passes.discretise import discretise


def arrays(**parameters):
    return {name: np.array(value, np.float64) for name, value in parameters.items()}


def updated(op, convention):
    kind = K.SPIKES if hasattr(op, "v_threshold") else K.FLOAT
    model = chain(source(shape=(1,)), node("n", op, (1,), kind), sink("y", (1,)))
    return discretise(replace(model, convention=CONVENTIONS[convention])).nodes["n"].update


def cuba(tau_mem=10e-3):
    values = {"r": [2.0], "v_leak": [0.25], "v_threshold": [1.0], "v_reset": [-0.5], "w_in": [3.0]}
    return nir.CubaLIF(**arrays(tau_syn=[5e-3], tau_mem=[tau_mem], **values))


def lif(*, tau=4e-3, r=3.0, v_leak=0.5, v_threshold=1.0, v_reset=-0.25):
    return nir.LIF(**arrays(tau=[tau], r=[r], v_leak=[v_leak], v_threshold=[v_threshold], v_reset=[v_reset]))


@pytest.mark.parametrize(
    ("convention", "subtract", "inclusive", "initial"),
    [
        ("norse", None, False, 0.5),
        ("forward-euler", None, False, 0.0),
        ("forward-euler-subtract", 1.25, False, 0.0),
        ("snntorch-subtract", 1.25 / 0.75, False, 0.0),  # due after the decay to 3/4
        ("snntorch-zero", None, False, 0.0),
        ("spikingjelly", None, True, -0.25),
        ("sinabs", 1.25, True, 0.0),
        ("sinabs-reset", None, True, 0.0),
    ],
)
def test_reset_threshold_and_start_follow_the_convention(convention, subtract, inclusive, initial):
    update = updated(lif(), convention=convention)
    assert update.subtract is None if subtract is None else update.subtract == subtract
    assert update.inclusive is inclusive
    assert update.initial == initial and update.reset == -0.25 and update.refractory == 0


def test_integrate_and_fire_subtracts_as_much_in_the_next_step():
    op = nir.IF(**arrays(r=[1.0], v_threshold=[1.5], v_reset=[0.25]))
    assert updated(op, convention="snntorch-subtract").subtract == 1.25


@pytest.mark.parametrize(
    ("convention", "lif_gain", "li_gain"),
    [
        ("exponential-euler", 3.0, 3.0),
        ("sinabs", 3.0, 3.0 / 0.5),
        ("sinabs-whole", 3.0 / 0.5, 3.0 / 0.5),
    ],
)
def test_whole_input_makes_up_for_the_decay(convention, lif_gain, li_gain):
    tau = 1e-3 / np.log(2)  # half of the distance per step
    li = nir.LI(**arrays(tau=[tau], r=[3.0], v_leak=[0.0]))
    assert updated(lif(tau=tau), convention=convention).resistance == pytest.approx(lif_gain, rel=1e-14)
    assert updated(li, convention=convention).resistance == pytest.approx(li_gain, rel=1e-14)


def refractory(op, *links):
    """Steps that a spike costs under snntorch-zero, with links among the population n and the synapses w and z."""
    shape = (op.v_threshold.size,)
    nodes = [
        source(shape=shape),
        linear("w", np.eye(*shape)),
        linear("z", np.eye(*shape)),
        node("n", op, shape, K.SPIKES),
    ]
    made = replace(graph(nodes, [("x", "n"), *links]), convention=CONVENTIONS["snntorch-zero"])
    return discretise(made).nodes["n"].update.refractory


def test_zero_in_the_next_step_costs_it_with_a_current_or_a_connection_from_itself():
    assert refractory(lif()) == 0
    assert refractory(lif(), ("n", "w"), ("w", "n")) == 1
    assert refractory(lif(), ("n", "n")) == 1
    assert refractory(lif(), ("n", "w"), ("w", "z"), ("z", "n")) == 0
    assert refractory(cuba()) == 1


def test_late_subtraction_needs_a_membrane_with_memory():
    model = chain(
        source(shape=(1,)),
        node("a", lif(tau=1e-3), (1,), K.SPIKES),
        node("b", lif(), (1,), K.SPIKES),
        node("c", cuba(tau_mem=1e-3), (1,), K.SPIKES),
        node("d", nir.LI(**arrays(tau=[1e-3], r=[1.0], v_leak=[0.0])), (1,), K.FLOAT),
    )
    with pytest.raises(UnsupportedError) as caught:
        discretise(replace(model, convention=CONVENTIONS["snntorch-subtract"]))
    assert [(d.rule, d.node) for d in caught.value.diagnostics] == [("NT-DISC-003", "a"), ("NT-DISC-003", "c")]
    assert "tau_mem is one time step" in caught.value.diagnostics[1].message
    discretise(replace(model, convention=CONVENTIONS["snntorch-zero"]))
