"""Agreement of rasters and outputs: hand-computed cases, and properties that hold for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurotool.verify import Point, compare_outputs, compare_spikes

SHAPES = hnp.array_shapes(min_dims=3, max_dims=4, max_side=4)
PAIRS = SHAPES.flatmap(lambda s: st.tuples(hnp.arrays(np.bool_, s), hnp.arrays(np.bool_, s)))
GRADED = SHAPES.flatmap(lambda s: st.tuples(*[hnp.arrays(np.int32, s, elements=st.integers(-99, 99))] * 2))


def raster(*steps):
    """A raster of one sample from one row of 0s and 1s per step."""
    return np.array(steps, bool)[:, np.newaxis]


def test_by_hand():
    a = raster([1, 0, 1], [0, 0, 0], [1, 1, 0])
    b = raster([1, 0, 1], [0, 1, 0], [1, 0, 0])
    found = compare_spikes(a, b)
    assert (found.slots, found.differing, found.spikes_a, found.spikes_b) == (9, 2, 4, 4)
    assert found.cosine == pytest.approx(3 / 4)
    assert (found.rate_a, found.rate_error, found.share) == (4 / 9, 0.0, 2 / 9)
    assert found.first == Point(step=1, sample=0, neuron=(1,))
    assert not found.exact


def test_first_difference_is_ordered_by_step_then_sample_then_neuron():
    a = np.zeros((4, 3, 2, 2), bool)
    b = a.copy()
    b[3, 0, 0, 0] = b[2, 2, 1, 0] = b[2, 1, 1, 1] = True
    assert compare_spikes(a, b).first == Point(2, 1, (1, 1))


@pytest.mark.parametrize(("a", "b", "cosine"), [(0, 0, 1.0), (1, 0, 0.0), (0, 1, 0.0), (1, 1, 1.0)])
def test_cosine_of_silent_rasters(a, b, cosine):
    assert compare_spikes(np.full((2, 2, 2), a, bool), np.full((2, 2, 2), b, bool)).cosine == cosine


@given(PAIRS | GRADED)
def test_properties(pair):
    a, b = pair
    found, mirrored = compare_spikes(a, b), compare_spikes(b, a)
    assert found.differing == np.count_nonzero(a != b)
    assert found.exact == (found.first is None) == np.array_equal(a, b)
    assert -1.0 - 1e-9 <= found.cosine <= 1.0 + 1e-9
    assert found.cosine == pytest.approx(mirrored.cosine)
    assert found.rate_error == -mirrored.rate_error
    if found.first is not None:
        slot = (found.first.step, found.first.sample, *found.first.neuron)
        assert a[slot] != b[slot]
        assert np.array_equal(a[: found.first.step], b[: found.first.step])
    same = compare_spikes(a, a)
    assert (same.exact, same.shift) == (True, 0)
    assert same.cosine == pytest.approx(1.0)


@pytest.mark.parametrize("shift", range(-5, 6))
def test_a_time_shift_is_found(shift):
    a = np.random.default_rng(0).random((40, 2, 10)) < 0.2
    b = np.zeros_like(a)
    b[max(0, shift) : 40 + min(0, shift)] = a[max(0, -shift) : 40 - max(0, shift)]
    assert compare_spikes(a, b).shift == shift


def test_an_unrelated_raster_has_a_cosine_near_its_rate():
    rng = np.random.default_rng(1)
    found = compare_spikes(rng.random((50, 10, 100)) < 0.1, rng.random((50, 10, 100)) < 0.1)
    assert found.cosine == pytest.approx(0.1, abs=0.02)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"shapes \(2, 1, 3\) and \(2, 1, 4\)"):
        compare_spikes(np.zeros((2, 1, 3), bool), np.zeros((2, 1, 4), bool))
    with pytest.raises(ValueError, match="nothing to compare"):
        compare_outputs(np.zeros((0, 3)), np.zeros((0, 3)))


def test_outputs_by_hand():
    a = np.array([[3.0, 4.0], [0.0, 0.0]])
    b = np.array([[3.0, 2.0], [0.0, 0.0]])
    found = compare_outputs(a, b, tolerance=0.3)
    assert (found.max_abs, found.rmse, found.argmax) == (2.0, 1.0, 0.5)
    assert found.relative == pytest.approx(1.0 / 2.5)
    assert not found.within
    assert compare_outputs(a, b, tolerance=0.5).within
    assert compare_outputs(a, b).within
    assert (found.tolerance, compare_outputs(a, b).tolerance) == (0.3, None)


def test_argmax_is_that_of_a_sample():
    a = np.array([[[3.0, 0.0]], [[0.0, 2.0]]])  # two steps of one sample: 3 against 2 in all
    b = np.array([[[1.0, 0.0]], [[0.0, 0.5]]])
    c = np.array([[[1.0, 0.0]], [[0.0, 4.0]]])
    assert compare_outputs(a, b, timed=True).argmax == 1.0
    assert compare_outputs(a, c, timed=True).argmax == 0.0
    assert compare_outputs(a, b).argmax is None  # pictures, not scores
    assert compare_outputs(a[0][:, :1], b[0][:, :1]).argmax is None  # a single number


def test_integers_do_not_wrap_when_outputs_are_compared():
    found = compare_outputs(np.array([[-128]], np.int8), np.array([[127]], np.int8))
    assert found.max_abs == 255.0
