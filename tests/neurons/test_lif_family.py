"""The relatives of LIF: numbers worked out by hand, and what each shares with LIF itself."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import run

from neurotool.neurons import (
    LIF,
    LIF_REFRACTORY,
    LIF_RESET,
    LIF_SCHEDULE,
    LIF_SUBTRACT,
    MODELS,
    NEVER_FIRES,
    TERNARY_LIF,
    Owner,
    RangeError,
)

PLAIN = {"du": 4095, "dv": 0, "bias_mant": 0, "bias_exp": 0}  # the current is 64 times what arrives, v adds it up
TEN = PLAIN | {"vth": 10}  # 10 << 6 = 640

lif_parameters = st.fixed_dictionaries(
    {
        "du": st.integers(0, 4095),
        "dv": st.integers(0, 4095),
        "vth": st.integers(0, 3000),
        "bias_mant": st.integers(-4096, 4095),
        "bias_exp": st.integers(0, 7),
    }
)
activations = st.lists(st.integers(-(1 << 19), 1 << 19) | st.integers(-3000, 3000), min_size=1, max_size=12)


def test_reset_returns_to_zero_before_the_step_of_its_rows():
    # Rows 1 and 4 begin at zero (4 % 3 = 1): 320; 0 + 320; 640, which does not exceed 640; 960 > 640; 0 + 320; 640.
    sent, states = run(LIF_RESET, TEN | {"reset_interval": 3, "reset_offset": 4}, [5] * 6)
    assert sent == [0, 0, 0, 1, 0, 0]
    assert states["v"] == [320, 320, 640, 0, 320, 640]


def test_reset_clears_the_current_too():
    # 64 * 4095 / 4096 = 63.98; row 2 begins anew.
    _, states = run(LIF_RESET, TEN | {"du": 0, "reset_interval": 2, "reset_offset": 0}, [1, 0, 1, 0])
    assert states["u"] == [64, 63, 64, 63]


def test_an_interval_of_one_leaves_no_memory():
    _, states = run(LIF_RESET, TEN | {"du": 0, "reset_interval": 1, "reset_offset": 7}, [1, 2, 3])
    assert states == {"u": [64, 128, 192], "v": [64, 128, 192]}


@settings(deadline=None)
@given(parameters=lif_parameters, arriving=activations, beyond=st.integers(1, 9))
def test_reset_after_the_run_is_lif(parameters, arriving, beyond):
    late = {"reset_interval": len(arriving) + beyond, "reset_offset": len(arriving) + beyond - 1}
    assert run(LIF_RESET, parameters | late, arriving) == run(LIF, parameters, arriving)


@settings(deadline=None)
@given(parameters=lif_parameters, arriving=activations, interval=st.integers(1, 5))
def test_reset_is_a_new_run_of_lif_in_every_interval(parameters, arriving, interval):
    sent, states = run(LIF_RESET, parameters | {"reset_interval": interval, "reset_offset": 0}, arriving)
    pieces = [run(LIF, parameters, arriving[i : i + interval]) for i in range(0, len(arriving), interval)]
    assert sent == [s for piece, _ in pieces for s in piece]
    assert states == {name: [v for _, piece in pieces for v in piece[name]] for name in LIF.states}


def test_subtract_keeps_the_excess_and_spikes_once_a_step():
    # 40 * 64 = 2560; 2560 - 640 = 1920; then 1280 and 640 are left, and 640 does not exceed 640.
    sent, states = run(LIF_SUBTRACT, TEN | {"v_sub": 640}, [40, 0, 0, 0])
    assert sent == [1, 1, 1, 0]
    assert states["v"] == [1920, 1280, 640, 640]


def test_subtract_takes_off_an_amount_of_its_own():
    # v = 704 > 640 loses 1000 and is -296; then -296 + 704 = 408.
    sent, states = run(LIF_SUBTRACT, TEN | {"v_sub": 1000}, [11, 11])
    assert (sent, states["v"]) == ([1, 0], [-296, 408])


@settings(deadline=None)
@given(arriving=st.lists(st.integers(-20, 40), min_size=1, max_size=20), bias=st.integers(-100, 100))
def test_subtract_loses_no_charge(arriving, bias):
    sent, states = run(LIF_SUBTRACT, TEN | {"v_sub": 640, "bias_mant": bias}, arriving)
    assert states["v"][-1] == sum(arriving) * 64 + bias * len(arriving) - 640 * sum(sent)


@settings(deadline=None)
@given(parameters=lif_parameters, arriving=activations)
def test_subtract_is_lif_until_a_neuron_has_spiked(parameters, arriving):
    ours, lif = run(LIF_SUBTRACT, parameters | {"v_sub": 999}, arriving), run(LIF, parameters, arriving)
    first = lif[0].index(1) if any(lif[0]) else len(arriving)
    assert ours[0][: first + 1] == lif[0][: first + 1]
    assert ours[1]["u"] == lif[1]["u"]
    assert ours[1]["v"][:first] == lif[1]["v"][:first]


def test_refractory_holds_the_membrane_at_zero_for_its_period():
    # 11 * 64 = 704 > 640 in row 0; rows 1 and 2 rest; row 3 integrates again.
    sent, states = run(LIF_REFRACTORY, TEN | {"refractory_period": 2}, [11] * 7)
    assert sent == [1, 0, 0, 1, 0, 0, 1]
    assert states["v"] == [0] * 7
    assert states["refractory"] == [2, 1, 0, 2, 1, 0, 2]


def test_refractory_goes_on_integrating_the_current():
    # u: 704; 703 + 64 = 767 while v rests; 767 * 4095 / 4096 = 766.8, and v = 766 > 640.
    sent, states = run(LIF_REFRACTORY, TEN | {"du": 0, "refractory_period": 1}, [11, 1, 0])
    assert sent == [1, 0, 1]
    assert states["u"] == [704, 767, 766]


@settings(deadline=None)
@given(parameters=lif_parameters, arriving=activations)
def test_refractory_with_no_period_is_lif(parameters, arriving):
    sent, states = run(LIF_REFRACTORY, parameters | {"refractory_period": 0}, arriving)
    assert set(states.pop("refractory")) == {0}
    assert (sent, states) == run(LIF, parameters, arriving)


@settings(deadline=None)
@given(parameters=lif_parameters, arriving=activations, period=st.integers(0, 63))
def test_refractory_spikes_are_further_apart_than_the_period(parameters, arriving, period):
    sent, _ = run(LIF_REFRACTORY, parameters | {"refractory_period": period}, arriving)
    rows = [row for row, spike in enumerate(sent) if spike]
    assert all(later - earlier > period for earlier, later in pairwise(rows))


def test_ternary_thresholds_are_strict_on_both_sides():
    # -256 is not below -4 << 6; -320 is; 192; 192 + 640 = 832 > 640; 64.
    sent, states = run(TERNARY_LIF, PLAIN | {"vth_hi": 10, "vth_lo": -4}, [-4, -1, 3, 10, 1])
    assert sent == [0, -1, 0, 1, 0]
    assert states["v"] == [-256, 0, 192, 0, 64]


@settings(deadline=None)
@given(parameters=lif_parameters, arriving=activations)
def test_ternary_whose_lower_threshold_cannot_be_reached_is_lif(parameters, arriving):
    one_sided = {k: v for k, v in parameters.items() if k != "vth"}
    one_sided |= {"vth_hi": parameters["vth"], "vth_lo": -NEVER_FIRES - 1}
    assert run(TERNARY_LIF, one_sided, arriving) == run(LIF, parameters, arriving)


@settings(deadline=None)
@given(
    arriving=st.lists(st.integers(-3000, 3000), max_size=12, min_size=1),
    du=st.integers(0, 4095),
    vth=st.integers(0, 99),
)
def test_ternary_is_odd_in_its_input(arriving, du, vth):
    parameters = PLAIN | {"du": du, "dv": 300, "vth_hi": vth, "vth_lo": -vth}
    sent, states = run(TERNARY_LIF, parameters, arriving)
    mirrored, mirrored_states = run(TERNARY_LIF, parameters, [-a for a in arriving])
    assert mirrored == [-s for s in sent]
    assert mirrored_states["v"] == [-v for v in states["v"]]


TABLE = {f"vth_{row}": 10 for row in range(16)}


def test_schedule_takes_the_threshold_of_its_row_and_then_the_last():
    # v grows by 64 a row: 64, 128, ... A threshold of 2 is 128, of 20 is 1280.
    sent, states = run(LIF_SCHEDULE, PLAIN | TABLE | {f"vth_{row}": 20 for row in range(3)} | {"vth_3": 2}, [1] * 5)
    assert (sent, states["v"]) == ([0, 0, 0, 1, 0], [64, 128, 192, 0, 64])
    late = PLAIN | dict.fromkeys(TABLE, NEVER_FIRES) | {"vth_15": 0}
    assert run(LIF_SCHEDULE, late, [1] * 18)[0] == [0] * 15 + [1, 1, 1]


@settings(deadline=None)
@given(parameters=lif_parameters, arriving=activations)
def test_schedule_of_one_threshold_is_lif(parameters, arriving):
    table = {k: v for k, v in parameters.items() if k != "vth"} | dict.fromkeys(TABLE, parameters["vth"])
    assert run(LIF_SCHEDULE, table, arriving) == run(LIF, parameters, arriving)


FAMILY = [LIF, LIF_RESET, TERNARY_LIF, LIF_SUBTRACT, LIF_REFRACTORY, LIF_SCHEDULE]
OWN = {"vth": 10, "vth_hi": 10, "vth_lo": -10, "reset_interval": 9, "reset_offset": 1, "refractory_period": 0} | TABLE


@pytest.mark.parametrize("model", FAMILY, ids=lambda model: model.name)
def test_strict_mode_refuses_currents_and_potentials_beyond_24_bits(model):
    parameters = PLAIN | {p.name: OWN[p.name] for p in model.parameters if p.name in OWN}
    with pytest.raises(RangeError, match="u = 8388608 exceeds"):
        run(model, parameters, [1 << 17], strict=True)
    with pytest.raises(RangeError, match="v = -8388672 exceeds"):  # -(2^17 - 1) << 6 = -8388544, and 128 more
        run(model, parameters, [-2], state={"v": -(NEVER_FIRES << 6)}, strict=True)


def test_strict_mode_does_not_mind_a_full_current_while_the_membrane_rests():
    parameters = TEN | {"refractory_period": 5, "bias_mant": 4095, "bias_exp": 7}
    held = {"refractory": 3}
    _, states = run(LIF_REFRACTORY, parameters, [NEVER_FIRES], state=held, strict=True)
    assert states == {"u": [NEVER_FIRES << 6], "v": [0], "refractory": [2]}
    with pytest.raises(RangeError, match="v = "):
        run(LIF_REFRACTORY, parameters, [NEVER_FIRES], strict=True)


def test_only_those_that_lava_lacks_are_ours():
    ours = {m.name for m in MODELS.values() if m.owner is Owner.NEUROTOOL}
    assert ours == {"lif_subtract", "lif_refractory", "lif_schedule"}
