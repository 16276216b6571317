"""Resonate-and-fire neurons: numbers worked out by hand from Lava's definition."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import run

from neurotool.neurons import RF, RF_IZ, RangeError

M = 1 << 23
QUARTER = {"sin_decay": 4, "cos_decay": 0, "decay_bits": 2, "state_exp": 1, "vth": 3}  # a quarter turn; threshold 6


def test_a_quarter_turn_comes_back_after_four_steps_and_spikes():
    # 4 << 1 = 8 goes round: (8, 0), (0, 8), (-8, 0), (0, -8), (8, 0). Only the last has risen from below zero.
    sent, states = run(RF, QUARTER, {"a_real": [4, 0, 0, 0, 0]})
    assert sent == [0, 0, 0, 0, 1]
    assert states == {"real": [8, 0, -8, 0, 8], "imag": [0, 8, 0, -8, 0]}


def test_a_spike_needs_the_threshold_which_counts_when_equal():
    risen = {"real": 0, "imag": -6}  # turns to (6, 0)
    assert run(RF, QUARTER, {"a_real": [0]}, state=risen)[0] == [1]
    assert run(RF, QUARTER | {"vth": 4}, {"a_real": [0]}, state=risen)[0] == [0]


def test_every_product_is_rounded_towards_zero_by_itself():
    # 3 * 5 / 4 = 3.75 and 3 * -3 / 4 = -2.25 become 3 and -2: real = 3 + 2, imag = 3 - 2.
    turn = QUARTER | {"sin_decay": 3, "cos_decay": 3}
    _, states = run(RF, turn, {"a_real": [0]}, state={"real": 5, "imag": -3})
    assert states == {"real": [5], "imag": [1]}


def test_negative_decays_turn_the_other_way():
    _, states = run(RF, QUARTER | {"sin_decay": -4}, {"a_imag": [3, 0, 0]})
    assert states == {"real": [0, 6, 0], "imag": [6, 0, -6]}


def test_izhikevichs_neuron_spikes_at_the_threshold_and_stays_one_below():
    # (8, 0) turns to (0, 8); 8 >= 6 leaves (0, 5), which turns to (-5, 0), (0, -5).
    sent, states = run(RF_IZ, QUARTER, {"a_real": [4, 0, 0, 0]})
    assert sent == [0, 1, 0, 0]
    assert states == {"real": [8, 0, -5, 0], "imag": [0, 5, 0, -5]}
    assert run(RF_IZ, QUARTER, {"a_imag": [3]}) == ([1], {"real": [0], "imag": [5]})  # 6 >= 6


def test_what_arrives_wraps_at_32_bits_when_shifted_and_the_sum_saturates():
    _, states = run(RF, QUARTER, {"a_real": [1 << 30], "a_imag": [1 << 22]})
    assert states == {"real": [-(M - 1)], "imag": [M - 1]}


@settings(deadline=None)
@given(
    period=st.floats(2, 200),
    alpha=st.floats(0.01, 0.5),
    kick=st.integers(-1000, 1000),
    steps=st.integers(1, 25),
)
def test_the_oscillation_follows_the_damped_rotation(period, alpha, kick, steps):
    # Rounding costs below one for each of two products per step, and the decays are truncated to 12 bits.
    sine, cosine = ((1 - alpha) * f(2 * math.pi / period) for f in (math.sin, math.cos))
    turn = {"sin_decay": int(sine * 4096), "cos_decay": int(cosine * 4096), "decay_bits": 12, "state_exp": 6, "vth": 1}
    _, states = run(RF, turn, {"a_real": [kick] + [0] * (steps - 1)})
    exact = (kick * 64) * complex(cosine, sine) ** (steps - 1)
    slack = steps * (3 + abs(kick) * 64 / 2048)
    assert abs(complex(states["real"][-1], states["imag"][-1]) - exact) <= slack


@settings(deadline=None)
@given(st.data())
def test_izhikevichs_neuron_is_the_same_resonator_until_it_spikes(data):
    kicks = st.lists(st.integers(-4000, 4000), min_size=8, max_size=8)
    arriving = {"a_real": data.draw(kicks), "a_imag": data.draw(kicks)}
    turn = QUARTER | {
        "sin_decay": data.draw(st.integers(-4, 4)),
        "cos_decay": data.draw(st.integers(-4, 4)),
        "vth": 900,
    }
    (_, plain), (spikes, resetting) = run(RF, turn, arriving), run(RF_IZ, turn, arriving)
    first = spikes.index(1) if any(spikes) else 8
    assert {k: v[:first] for k, v in plain.items()} == {k: v[:first] for k, v in resetting.items()}
    assert max(resetting["imag"]) < 1800


@pytest.mark.parametrize("model", [RF, RF_IZ], ids=["rf", "rf_iz"])
@pytest.mark.parametrize(("port", "name"), [("a_real", "real"), ("a_imag", "imag")])
def test_strict_mode_refuses_what_would_saturate(model, port, name):
    assert run(model, QUARTER | {"vth": 1 << 22}, {port: [1 << 22]})[1][name] == [M - 1]
    with pytest.raises(RangeError, match=f"{name} = 8388608 exceeds"):
        run(model, QUARTER | {"vth": 1 << 22}, {port: [1 << 22]}, strict=True)
