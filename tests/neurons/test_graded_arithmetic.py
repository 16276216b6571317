"""Products and inverse roots of graded messages: numbers worked out by hand from Lava's definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import run

from neurotool.neurons import INV_SQRT, PROD_NEURON, RangeError, inv_sqrt
from neurotool.neurons.inv_sqrt import first_guess

PLAIN = {"vth": 0, "exp": 0}


def product(a1, a2, strict=False, **parameters):
    return run(PROD_NEURON, PLAIN | parameters, {"a1": [a1], "a2": [a2]}, strict=strict)[0][0]


def root(number, strict=False):
    return run(INV_SQRT, {}, [number], strict=strict)[0][0]


def test_a_product_passes_if_it_exceeds_the_threshold_in_magnitude():
    assert product(3, -5) == -15
    assert product(3, -5, vth=14) == -15
    assert product(3, -5, vth=15) == 0
    assert product(7, 0) == 0


def test_a_product_is_rounded_down_before_it_is_compared():
    assert product(5, 5, exp=2) == 6  # 25 / 4
    assert product(5, -5, exp=2) == -7
    assert product(5, 5, exp=2, vth=6) == 0
    assert product(1, -1, exp=31) == -1


def test_a_product_wraps_at_32_bits_before_it_is_shifted():
    assert product(1 << 16, 1 << 15, exp=4) == -(1 << 27)  # 2^31 is -2^31 in 32 bits
    assert product(1 << 16, 1 << 16) == 0
    assert product(-46341, 46341) == (1 << 32) - 46341**2


def test_the_most_negative_product_has_no_magnitude_in_32_bits():
    assert product(1 << 16, -(1 << 15)) == 0
    assert product(1 << 16, -(1 << 15), exp=1) == -(1 << 30)


def test_the_square_of_a_message_is_a_product_with_itself_and_a_delay_makes_that_of_two_steps():
    # What Lava's NormVecDelay sends from its second and its first output.
    values = [3, -4, 5]
    assert run(PROD_NEURON, PLAIN, {"a1": values, "a2": values})[0] == [9, 16, 25]
    assert run(PROD_NEURON, PLAIN, {"a1": [0, *values[:-1]], "a2": [7, 7, 7]})[0] == [0, 21, -28]


@pytest.mark.parametrize(
    ("a1", "a2", "exp", "found"),
    [
        (1 << 23, 0, 0, "a1 = 8388608 exceeds ±8388607"),
        (0, -(1 << 23), 0, "a2 = -8388608 exceeds ±8388607"),
        (1 << 16, 1 << 15, 31, r"a1 \* a2 = 2147483648 exceeds ±2147483647"),
        (1 << 12, 1 << 11, 0, "v = 8388608 exceeds ±8388607"),
    ],
)
def test_strict_mode_refuses_what_wraps_or_exceeds_24_bits(a1, a2, exp, found):
    product(a1, a2, exp=exp)
    with pytest.raises(RangeError, match=found):
        product(a1, a2, exp=exp, strict=True)


def test_strict_mode_lets_a_product_of_31_bits_be_shifted_into_24():
    assert product(1 << 15, 1 << 15, exp=8, strict=True) == 1 << 22


def test_the_first_guess_is_that_of_lavas_table():
    # 2 * int(4096 / (2^((top - 12) / 2) * 1.238982962)): 4096 / 1.239 is 3305.9, and 2^6 times that 211,579.4.
    assert first_guess(13) == 2 * 3305
    assert first_guess(1) == 2 * 211579
    assert [first_guess(bits) for bits in range(25, 32)] == [first_guess(bits) for bits in range(1, 8)]


def test_an_inverse_root_by_hand(monkeypatch):
    # 1.0 is 4096. The factor begins at 6610, the root at half of that, and each step is
    # rest = (rest * factor >> 13) * factor >> 13, factor = 12288 - rest, root = root * factor >> 13:
    # rest 2666, 3677, 4062, 4094, 4094; factor 9622, 8611, 8226, 8194, 8194.
    for iterations, expected in enumerate([3305, 3881, 4079, 4095, 4095, 4095]):
        monkeypatch.setattr(inv_sqrt, "ITERATIONS", iterations)
        assert root(4096) == expected


def test_known_inverse_roots():
    assert [root(number) for number in (1, 2, 4096, 1 << 14, 1 << 20, (1 << 24) - 1)] == [
        264045,
        185567,
        4095,
        2047,
        255,
        63,
    ]


@settings(deadline=None)
@given(st.integers(0, 23).flatmap(lambda bits: st.integers(1 << bits, (2 << bits) - 1)))
def test_inverse_roots_of_24_bits_are_nearly_right(number):
    exact = 4096 / math.sqrt(number / 4096)
    assert abs(root(number) - exact) <= 2 + 0.01 * exact


def test_zero_and_negative_numbers_have_no_inverse_root():
    assert [root(number) for number in (0, -1, -(1 << 31))] == [0, 0, 0]


def test_what_exceeds_the_table_is_what_32_bits_leave_of_a_series_that_diverges():
    # Lava answers -835907930407327 for 2^24, which it sends modulo 2^32.
    expected = int(np.array(-835907930407327).astype(np.int32))
    assert root(1 << 24) == expected


@pytest.mark.parametrize("number", [-1, 1 << 23])
def test_strict_mode_refuses_numbers_without_inverse_root_and_those_beyond_24_bits(number):
    with pytest.raises(RangeError, match=rf"a = {number} exceeds 0\.\.8388607"):
        root(number, strict=True)
    assert root((1 << 23) - 1, strict=True) == 89
    assert root(0, strict=True) == 0
