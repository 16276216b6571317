"""Resonate-and-fire neurons: numbers worked out by hand from Lava's definition."""

import cmath
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import run

from neurotool.neurons import RF, RF_IZ, RF_ZERO, RangeError

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


UNITY = 1 << 15
WHOLE_TURN = {"lct": 0, "lst": UNITY, "uth": 6}  # a quarter turn in every step


def test_the_amplitude_is_sent_when_the_phase_is_zero():
    # (8, 0), (0, 8), (-8, 0), (0, -8), (8, 0): the imaginary part has risen from below zero, and 8 > 6.
    sent, states = run(RF_ZERO, WHOLE_TURN, {"u": [8, 0, 0, 0, 0]})
    assert sent == [0, 0, 0, 0, 8]
    assert states == {"u": [8, 0, -8, 0, 8], "v": [0, 8, 0, -8, 0]}
    assert run(RF_ZERO, WHOLE_TURN | {"uth": 8}, {"u": [8, 0, 0, 0, 0]})[0] == [0] * 5, "8 does not exceed 8"


def test_each_input_reaches_its_part_and_nothing_is_shifted():
    _, states = run(RF_ZERO, WHOLE_TURN, {"u": [3, 0], "v": [5, 0]})
    assert states == {"u": [3, -5], "v": [5, 3]}


def test_every_product_of_a_rotation_that_sends_amplitudes_is_rounded_down_by_itself():
    # With 3/4 and 1/4: 5 * 3/4 = 3.75, -3 * 1/4 = -0.75, -3 * 3/4 = -2.25 and 5 * 1/4 = 1.25 become 3, -1, -3 and 1.
    turn = {"lct": 3 * UNITY // 4, "lst": UNITY // 4, "uth": 0}
    sent, states = run(RF_ZERO, turn, {"u": [0]}, state={"u": 5, "v": -3})
    assert states == {"u": [3 + 1], "v": [-3 + 1]}
    assert sent == [0], "the imaginary part is still negative"


def test_a_small_negative_state_need_not_fade():
    turn = {"lct": UNITY // 2, "lst": 0, "uth": 0}
    assert run(RF_ZERO, turn, {"u": [0] * 9}, state={"u": -5})[1]["u"][-1] == -1
    assert run(RF_ZERO, turn, {"u": [0] * 9}, state={"u": 5})[1]["u"][-1] == 0


def test_products_of_amplitudes_wrap_at_32_bits_before_they_are_shifted():
    # 2^16 * 2^15 = 2^31, which is -2^31 in 32 bits.
    still = {"lct": UNITY, "lst": 0, "uth": 0}
    assert run(RF_ZERO, still, {"u": [0]}, state={"u": (1 << 16) - 1})[1]["u"] == [(1 << 16) - 1]
    assert run(RF_ZERO, still, {"u": [0]}, state={"u": 1 << 16})[1]["u"] == [-(1 << 16)]


@settings(deadline=None)
@given(
    frequency=st.floats(1, 400),
    tau=st.floats(0.005, 1),
    kick=st.integers(-20000, 20000),
    steps=st.integers(1, 25),
)
def test_the_amplitude_follows_the_damped_rotation(frequency, tau, kick, steps):
    # As Lava makes its rotation, for steps of 1 ms: truncated to 15 bits; rounding costs below two per part and step.
    rotation = cmath.exp(1e-3 * (-1 / tau + 2j * math.pi * frequency))
    turn = {"lct": int(rotation.real * UNITY), "lst": int(rotation.imag * UNITY), "uth": 1}
    _, states = run(RF_ZERO, turn, {"u": [kick] + [0] * (steps - 1)})
    exact = kick * rotation ** (steps - 1)
    assert abs(complex(states["u"][-1], states["v"][-1]) - exact) <= steps * (3 + abs(kick) / (UNITY / 2))


@pytest.mark.parametrize(
    ("state", "inputs", "found"),
    [
        ({"u": 1 << 16}, {"u": [0]}, r"u \* lct = 2147483648 exceeds ±2147483647"),
        ({"v": -(1 << 17)}, {"u": [0]}, r"v \* lst = -2147483648 exceeds ±2147483647"),
        ({}, {"u": [M]}, "u = 8388608 exceeds ±8388607"),
        ({}, {"v": [-M]}, "v = -8388608 exceeds ±8388607"),
    ],
)
def test_strict_mode_refuses_amplitudes_whose_products_wrap(state, inputs, found):
    turn = {"lct": UNITY, "lst": UNITY // 2, "uth": 0}
    run(RF_ZERO, turn, inputs, state=state)
    with pytest.raises(RangeError, match=found):
        run(RF_ZERO, turn, inputs, state=state, strict=True)
