"""Graded relays: they have no state, so each value answers for itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import run

from neurotool.neurons import GRADED_RELU_VEC, GRADED_VEC, RangeError


def test_what_exceeds_the_threshold_passes_unchanged():
    assert run(GRADED_VEC, {"vth": 3}, [3, 4, -3, -4])[0] == [0, 4, 0, -4]
    assert run(GRADED_RELU_VEC, {"vth": 3}, [3, 4, -3, -4])[0] == [0, 4, 0, 0]


def test_the_most_negative_integer_has_no_magnitude_in_32_bits():
    assert run(GRADED_VEC, {"vth": 0}, [-(1 << 31), 1 - (1 << 31)])[0] == [0, 1 - (1 << 31)]


@settings(deadline=None)
@given(vth=st.integers(0, 100), values=st.lists(st.integers(-200, 200), min_size=1))
def test_the_rectifier_passes_what_is_positive_of_the_relay(vth, values):
    relayed, _ = run(GRADED_VEC, {"vth": vth}, values)
    assert run(GRADED_RELU_VEC, {"vth": vth}, values)[0] == [max(value, 0) for value in relayed]


@pytest.mark.parametrize("model", [GRADED_VEC, GRADED_RELU_VEC], ids=["vec", "relu"])
def test_strict_mode_refuses_payloads_beyond_24_bits(model):
    assert run(model, {"vth": 0}, [1 << 23])[0] == [1 << 23]
    with pytest.raises(RangeError, match="a = 8388608 exceeds"):
        run(model, {"vth": 0}, [1 << 23], strict=True)
