"""Sigma, delta and sigma-delta: numbers worked out by hand, and what is decoded from what was encoded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import run

from neurotool.neurons import DELTA, SIGMA, SIGMA_DELTA, RangeError

TOP = (1 << 23) - 1
PLAIN = {"vth": 0, "cum_error": 0, "spike_exp": 0, "state_exp": 0}
LINEAR = PLAIN | {"bias": 0, "relu": 0}
signals = st.lists(st.integers(-1000, 1000), min_size=1, max_size=20)


def test_sigma_sends_the_sum_of_all_that_arrived():
    assert run(SIGMA, {}, [5, -2, 0]) == ([5, 3, 3], {"sigma": [5, 3, 3]})


def test_sigma_wraps_at_32_bits():
    assert run(SIGMA, {}, [(1 << 31) - 1, 1])[0] == [(1 << 31) - 1, -(1 << 31)]


def test_delta_keeps_what_it_does_not_send_until_the_threshold_is_reached():
    # Inputs are shifted by 1 + 2 bits, the threshold is 2 << 3 = 16, and messages are shifted back by two.
    # 8 is kept; 24 - 8 + 8 = 24 is sent as 6; no change; -8 - 24 = -32 is sent as -8.
    sent, states = run(DELTA, PLAIN | {"vth": 2, "spike_exp": 1, "state_exp": 2}, [1, 3, 3, -1])
    assert sent == [0, 6, 0, -8]
    assert states == {"act": [8, 24, 24, -8], "residue": [8, 0, 0, 0], "error": [0, 0, 0, 0]}


def test_delta_sends_a_change_that_equals_the_threshold():
    assert run(DELTA, PLAIN | {"vth": 4}, [4, 7, 8])[0] == [4, 0, 4]  # 7 - 4 = 3 waits; 8 - 7 + 3 = 4


def test_accumulated_error_counts_a_waiting_change_in_every_step():
    # 2 < 3 waits with error 2; the same 2 again makes the error 4 >= 3, and the 2 is sent.
    sent, states = run(DELTA, PLAIN | {"vth": 3, "cum_error": 1}, [2, 2, 2])
    assert sent == [0, 2, 0]
    assert states == {"act": [2, 2, 2], "residue": [2, 0, 0], "error": [2, 0, 0]}
    assert run(DELTA, PLAIN | {"vth": 3}, [2, 2, 2])[0] == [0, 0, 0]


def test_sigma_delta_adds_bias_rectifies_and_loses_the_bits_it_cuts_off():
    # Bias 3 << 1 = 6, threshold 1 << 1 = 2, messages are shifted back by one.
    # sigma + bias: -4 and -1 are rectified; 3 is sent as 3 >> 1 = 1; 2 - 3 = -1 waits; 1 - 2 - 1 = -2 is sent as -1.
    parameters = LINEAR | {"vth": 1, "state_exp": 1, "bias": 3, "relu": 1}
    sent, states = run(SIGMA_DELTA, parameters, [-10, 3, 4, -1, -1])
    assert sent == [0, 0, 1, 0, -1]
    assert states == {
        "sigma": [-10, -7, -3, -4, -5],
        "act": [0, 0, 3, 2, 1],
        "residue": [0, 0, 0, -1, 0],
        "error": [0] * 5,
    }


def test_sigma_delta_without_rectification_rounds_messages_down():
    assert run(SIGMA_DELTA, LINEAR | {"state_exp": 2}, [-3, 6])[0] == [-1, 1]  # -3 >> 2 and 6 >> 2


@settings(deadline=None)
@given(signal=signals, vth=st.integers(0, 300))
def test_what_is_decoded_stays_within_the_threshold_of_the_signal(signal, vth):
    sent, _ = run(DELTA, PLAIN | {"vth": vth}, signal)
    decoded, _ = run(SIGMA, {}, sent)
    assert all(abs(a - b) < max(vth, 1) for a, b in zip(signal, decoded, strict=True))


@settings(deadline=None)
@given(signal=signals, bias=st.integers(-500, 500), spike_exp=st.integers(0, 3), state_exp=st.integers(0, 3))
def test_a_sigma_delta_neuron_without_threshold_transmits_its_activation(signal, bias, spike_exp, state_exp):
    # Messages arrive with both exponents applied and leave with spike_exp alone.
    both = spike_exp + state_exp
    parameters = LINEAR | {"bias": bias, "relu": 1, "spike_exp": spike_exp, "state_exp": state_exp}
    sent, states = run(SIGMA_DELTA, parameters, [a << both for a in signal])
    decoded, _ = run(SIGMA, {}, sent)
    expected = [max(sum(signal[: i + 1]) + bias, 0) for i in range(len(signal))]
    assert decoded == [value << spike_exp for value in expected]
    assert states["act"] == [value << both for value in expected]


@settings(deadline=None)
@given(signal=signals, vth=st.integers(0, 300), cum_error=st.integers(0, 1))
def test_sigma_delta_is_delta_behind_sigma(signal, vth, cum_error):
    encoder = PLAIN | {"vth": vth, "cum_error": cum_error}
    summed, _ = run(SIGMA, {}, signal)
    assert run(SIGMA_DELTA, LINEAR | encoder, signal)[0] == run(DELTA, encoder, summed)[0]


def test_changes_wrap_at_32_bits_where_the_most_negative_one_reaches_no_threshold():
    top = (1 << 31) - 1
    assert run(DELTA, PLAIN, [-2, top])[0] == [-2, 1 - (1 << 31)]  # 2^31 + 1 wraps
    assert run(DELTA, PLAIN, [top, -1]) == (
        [top, 0],
        {"act": [top, -1], "residue": [0, -(1 << 31)], "error": [0, 0]},
    )


def test_a_threshold_that_outgrows_32_bits_wraps_as_an_int32_of_lava():
    far = PLAIN | {"vth": 1 << 20, "spike_exp": 6, "state_exp": 6}  # 2^32, of which nothing is left
    assert run(DELTA, far, [1])[0] == [64]


@pytest.mark.parametrize(
    ("model", "parameters", "arriving", "name"),
    [
        (SIGMA, {}, [TOP, 1], "sigma = 8388608"),
        (DELTA, PLAIN | {"spike_exp": 7}, [1 << 16], "act = 8388608"),
        (DELTA, PLAIN, [TOP, -1], "residue = -8388608"),  # the whole swing has to be sent at once
        (DELTA, PLAIN | {"vth": TOP, "cum_error": 1}, [TOP - 1, TOP - 1], "error = 16777212"),
        (DELTA, PLAIN | {"vth": 1 << 22, "spike_exp": 1}, [0], "vth = 8388608"),
        (SIGMA_DELTA, LINEAR, [TOP, 1], "sigma = 8388608"),
        (SIGMA_DELTA, LINEAR | {"bias": 1 << 17, "spike_exp": 6}, [0], "act = 8388608"),
        (SIGMA_DELTA, LINEAR | {"bias": -TOP, "relu": 1}, [-1], "act = -8388608"),  # before it is rectified
    ],
)
def test_strict_mode_refuses_what_24_bits_do_not_hold(model, parameters, arriving, name):
    run(model, parameters, arriving)
    with pytest.raises(RangeError, match=f"{name} exceeds"):
        run(model, parameters, arriving, strict=True)
