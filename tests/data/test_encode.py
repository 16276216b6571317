"""The encoders, against hand-computed rasters and the properties that their formulas promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurotool.data.encode import EncodingError, Setting, constant, graded, latency, payload_bits, rate

SHARES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=3, max_side=4), elements=st.floats(0.0, 1.0))


def test_latency_by_hand():
    values = np.array([[0.0, 0.25, 0.5, 1.0]])
    x = latency(values, Setting(steps=4)).x[:, 0]
    expected = np.zeros((4, 4), bool)
    expected[3, 1] = expected[2, 2] = expected[0, 3] = True
    np.testing.assert_array_equal(x, expected)


@given(SHARES, st.integers(1, 12))
def test_latency_fires_once_and_brighter_is_never_later(values, steps):
    x = latency(values, Setting(steps, peak=1.0)).x
    np.testing.assert_array_equal(x.sum(axis=0), values > 0)
    first = np.where(values > 0, x.argmax(axis=0), steps).ravel()
    assert np.all(np.diff(first[np.argsort(values, axis=None)]) <= 0)


@given(SHARES, st.integers(1, 12), st.integers(0, 2**32))
def test_rate_is_reproducible_and_exact_at_both_ends(values, steps, seed):
    x = rate(values, Setting(steps, seed, 1.0)).x
    np.testing.assert_array_equal(x, rate(values, Setting(steps, seed, 1.0)).x)
    assert not x[:, values == 0.0].any()
    assert x[:, values == 1.0].all()


def test_rate_of_a_sample_depends_on_neither_its_neighbours_nor_later_steps():
    values = np.random.default_rng(0).random((5, 7))
    whole = rate(values, Setting(20, seed=3)).x
    np.testing.assert_array_equal(rate(values[:2], Setting(10, seed=3, peak=1.0)).x, whole[:10, :2])
    assert not np.array_equal(rate(values, Setting(20, seed=4)).x, whole)


def test_rate_has_the_probability_that_it_says():
    x = rate(np.full((4, 500), 3), Setting(50, peak=10.0)).x
    # 100 000 draws at p = 0.3: six standard deviations are 0.009.
    assert x.mean() == pytest.approx(0.3, abs=0.009)


@pytest.mark.parametrize(
    ("values", "peak"),
    [
        (np.array([[0.0, 0.5]]), 1.0),  # floats in [0, 1] are shares already
        (np.array([[0.0, 16.0]]), 16.0),
        (np.array([[0, 1]]), 1.0),
        (np.array([[3, 12]], np.uint8), 12.0),
        (np.zeros((1, 2)), 1.0),
    ],
)
@pytest.mark.parametrize("encoder", [rate, latency])
def test_full_scale_rule(encoder, values, peak):
    assert encoder(values, Setting(8)).peak == peak


@pytest.mark.parametrize("encoder", [rate, latency])
def test_negative_values_have_no_rate(encoder):
    with pytest.raises(EncodingError, match=r"negative, found -0\.5"):
        encoder(np.array([[0.0, -0.5]]), Setting(8))


def test_values_above_a_given_peak_are_clipped_and_counted():
    done = rate(np.array([[4, 8, 16]]), Setting(3, peak=8.0))
    assert done.x[:, 0, 2].all()
    assert done.notes == ("1 of 3 values exceed the peak 8 and were clipped to it",)


def test_constant_repeats_floats():
    done = constant(np.array([[1, -2]], np.int16), Setting(3))
    assert done.x.dtype == np.float32
    np.testing.assert_array_equal(done.x, [[[1, -2]]] * 3)
    with pytest.raises(EncodingError, match="no peak"):
        constant(np.ones((1, 1)), Setting(3, peak=1.0))


def test_graded_takes_integers_as_they_are():
    done = graded(np.array([[5, -300]]), Setting(2))
    np.testing.assert_array_equal(done.x, [[[5, -300]]] * 2)
    assert (done.message_bits, done.scale, done.peak) == (16, 1.0, None)


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=4),
        elements=st.floats(-1e6, 1e6, allow_subnormal=False),
    )
)
def test_graded_floats_come_back_within_half_a_unit(values):
    done = graded(values, Setting(1))
    assert done.message_bits == 8
    assert np.abs(done.x).max(initial=0) <= 127
    assert np.all(np.abs(done.x[0] * done.scale - values) <= done.scale * 0.5 * (1 + 1e-9))
    np.testing.assert_array_equal(graded(-values, Setting(1, peak=done.peak)).x, -done.x)


@pytest.mark.parametrize(
    ("low", "high", "bits"), [(0, 1, 8), (-128, 127, 8), (0, 128, 16), (-(2**15) - 1, 0, 24), (0, 2**31 - 1, 32)]
)
def test_payload_width(low, high, bits):
    assert payload_bits(np.array([low, high])) == bits


def test_payload_too_wide():
    with pytest.raises(EncodingError, match="at most 32 bits"):
        payload_bits(np.array([2**31]))
