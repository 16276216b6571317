"""Codings at the boundaries: values known by hand, what they lose, and what they cost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotool.data.encode import Setting, latency, rate
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.coding import Coding
from neurotool.ir.partition import Boundary
from neurotool.ir.program import InputPort
from neurotool.ir.values import ValueKind
from neurotool.runtime.coding import deliver, encode, error_of, traffic_of

STEPS = 8


def boundary(coding, shape=(2,), **fields):
    return Boundary("v", "a", "b", shape, ValueKind.FLOAT, True, coding, steps=STEPS, **fields)


def held(values):
    """The same values at every step: [time, one sample, features]."""
    return np.repeat(np.array([values], np.float32)[None], STEPS, axis=0)


def test_a_constant_current_is_one_payload_at_every_step():
    coded = encode(held([0.5, -0.26]), boundary(Coding.CONSTANT), InputPort("v", (2,), 13, 0.25))
    assert coded.payload.tolist() == [[[2, -1]]] * STEPS
    assert error_of(coded) == pytest.approx(0.01 / np.hypot(0.5, 0.26), rel=1e-4)
    assert traffic_of(coded.payload, boundary(Coding.CONSTANT)) == 2 * 4


def test_a_value_without_time_is_held():
    static = Boundary("v", "a", "b", (2,), ValueKind.FLOAT, False, Coding.CONSTANT, steps=3)
    coded = encode(np.array([[0.5, 1.0]]), static, InputPort("v", (2,), 13, 0.25))
    assert coded.payload.tolist() == [[[2, 4]]] * 3


@pytest.mark.parametrize(
    ("coding", "carried"), [(Coding.CONSTANT, "carried as a constant current"), (Coding.LATENCY, "told by latency")]
)
def test_a_value_that_should_be_held_and_changes_is_refused(coding, carried):
    raster = held([0.5, 0.5])
    raster[3] = 0.75
    with pytest.raises(NegativeAnswerError, match=f"'v' is {carried}, but its value changes") as refused:
        encode(raster, boundary(coding, quantum=1.0), InputPort("v", (2,), 13, 0.25))
    assert refused.value.hint == "convert again with --coding v=graded"


def test_rates_have_the_sign_and_the_mean_of_the_value():
    wide = Boundary("v", "a", "b", (3, 4000), ValueKind.FLOAT, True, Coding.RATE, steps=STEPS, seed=5)
    values = np.repeat(np.array([[[0.0], [0.25], [-0.5]]], np.float32), 4000, axis=2)
    coded = encode(np.repeat(values[None], STEPS, axis=0), wide, InputPort("v", (3, 4000), 2, 1.0))
    assert coded.payload[:, 0, 0].any() == np.False_
    assert coded.heard[0].mean(axis=1) == pytest.approx([0.0, 0.25, -0.5], abs=0.01)


@given(st.integers(0, 5), st.integers(1, 4))
def test_rates_do_not_depend_on_the_batch(start, size):
    raster = np.random.default_rng(0).random((STEPS, 9, 2)).astype(np.float32)
    port, how = InputPort("v", (2,), 0, 1.0), boundary(Coding.RATE, seed=3)
    whole = encode(raster, how, port).payload
    part = encode(raster[:, start : start + size], how, port, first=start).payload
    np.testing.assert_array_equal(part, whole[:, start : start + size])


def test_the_larger_value_fires_first():
    how = boundary(Coding.LATENCY, shape=(4,), quantum=1.0 / STEPS)
    coded = encode(held([1.0, 0.5, 0.0, -0.26]), how, InputPort("v", (4,), 2, 4.0))
    moments = [np.flatnonzero(coded.payload[:, 0, n]).tolist() for n in range(4)]
    assert moments == [[0], [4], [], [5]]
    assert coded.payload[5, 0, 3] == -1
    assert coded.heard[0].tolist() == [15 / 16, 7 / 16, 0.0, -5 / 16]


def test_what_exceeds_full_scale_is_said():
    assert (
        "1 of 2 values exceed"
        in encode(held([9.0, 0.5]), boundary(Coding.CONSTANT), InputPort("v", (2,), 8, 0.01)).lost
    )
    rate = encode(held([9.0, 0.5]), boundary(Coding.RATE), InputPort("v", (2,), 0, 1.0))
    assert "8 of 16 values exceed full scale" in rate.lost


@pytest.mark.parametrize("coding", [Coding.RATE, Coding.LATENCY])
def test_spikes_without_a_sign_leave_negative_values_out_and_say_so(coding):
    how = boundary(coding, quantum=1.0 / STEPS)
    coded = encode(held([1.0, -1.0]), how, InputPort("v", (2,), 0, 1.0))
    assert coded.payload.dtype == np.bool_
    assert coded.payload[:, 0, 0].any()
    assert not coded.payload[:, 0, 1].any()
    assert coded.heard[0, 1] == 0.0
    several = {Coding.RATE: f"{STEPS} of {2 * STEPS}", Coding.LATENCY: "1 of 2"}[coding]
    assert f"input 'v': {several} values are negative, which spikes without a sign cannot tell" in coded.lost
    assert "exceed" not in coded.lost
    signed = encode(held([1.0, -1.0]), how, InputPort("v", (2,), 2, 1.0))
    assert signed.payload[:, 0, 1].min() == -1
    assert signed.lost == ""


def test_all_that_a_coding_loses_is_said():
    lost = encode(held([9.0, -9.0]), boundary(Coding.RATE), InputPort("v", (2,), 0, 1.0)).lost
    assert lost.count("input 'v': 8 of 16 values") == 2
    assert "negative" in lost
    assert "exceed full scale" in lost


@given(st.integers(0, STEPS), st.integers(0, 3))
def test_a_random_stream_goes_on_where_an_earlier_run_stopped(row, first):
    raster = np.random.default_rng(0).random((STEPS, 3, 2, 3)).astype(np.float32)
    port, how = InputPort("v", (2, 3), 0, 1.0), boundary(Coding.RATE, shape=(2, 3), seed=3)
    whole = encode(raster, how, port, first).payload
    rest = encode(raster[row:], how, port, first, row).payload if row < STEPS else whole[row:]
    np.testing.assert_array_equal(rest, whole[row:])


@given(st.integers(0, 2**16), st.integers(1, 4))
def test_counts_and_weighted_sums_are_those_of_the_raster(seed, batch):
    draw = np.random.default_rng(seed)
    raster, weights = draw.random((STEPS, batch, 3)) < 0.5, draw.normal(size=STEPS)
    counts = deliver(raster, boundary(Coding.COUNTS, shape=(3,)))
    np.testing.assert_array_equal(counts, raster.sum(axis=0))
    weighted = deliver(raster, boundary(Coding.WEIGHTED, shape=(3,), weights=tuple(weights)))
    np.testing.assert_allclose(weighted, np.einsum("t,tbn->bn", weights, raster), rtol=1e-5, atol=1e-6)
    assert deliver(raster, boundary(Coding.RASTER, shape=(3,))) is raster


def test_a_sum_over_other_steps_is_refused():
    with pytest.raises(UsageError, match="'v' has 3 time steps, b was converted for 8"):
        deliver(np.ones((3, 1, 2), bool), boundary(Coding.COUNTS))


@pytest.mark.parametrize(
    ("coding", "expected"),
    [(Coding.RASTER, 4 * 5 / 2), (Coding.COUNTS, 8), (Coding.WEIGHTED, 8), (Coding.MEMBRANE, 8 * STEPS)],
)
def test_traffic(coding, expected):
    raster = np.zeros((STEPS, 2, 2), bool)
    raster.reshape(-1)[[0, 3, 5, 9, 20]] = True
    assert traffic_of(raster, boundary(coding)) == expected


@given(st.integers(0, 2**32 - 1))
def test_a_value_is_coded_as_the_same_sample_of_a_file_is(seed):
    """Unsigned spikes at full scale 1: what ``--encode`` makes of a file, a boundary makes of the same values."""
    values = np.random.default_rng(seed).random((3, 2))
    raster = np.repeat(values[None], STEPS, axis=0)
    drawn = encode(raster, boundary(Coding.RATE, seed=seed), InputPort("v", (2,), 0, 1.0))
    np.testing.assert_array_equal(drawn.payload, rate(values, Setting(STEPS, seed, 1.0)).x)
    timed = encode(raster, boundary(Coding.LATENCY, quantum=1.0 / STEPS), InputPort("v", (2,), 0, 1.0))
    np.testing.assert_array_equal(timed.payload, latency(values, Setting(STEPS, peak=1.0)).x)
