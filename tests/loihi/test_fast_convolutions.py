"""Convolutions by source and by target, over sizes at which vectors and windows reach across every border."""

from __future__ import annotations

import numpy as np
import pytest
from fast_runs import Ways, assert_equal, fast, many, reference
from hypothesis import given
from hypothesis import strategies as st

from neurotool.ir.adapters import RunOptions
from neurotool.ir.connectivity import convolved
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection
from neurotool.targets.loihi.synapses.convolution import ConvolutionSynapses
from neurotool.targets.loihi.synapses.protocol import Arithmetic
from neurotool.targets.loihi.workers import Workers

BY_SOURCE, BY_TARGET = Ways(2.0, window=np.inf), Ways(2.0, window=0.0)


def sums(source: tuple[int, ...], weights: np.ndarray, connectivity: Convolution) -> ChipProgram:
    """A program that sends what arrives, summed over time."""
    target = convolved(source, weights.shape, connectivity)
    population = Population("p", "sigma", target, {}, 1, 1.0)
    projection = Projection("w", "x", "p", weights, connectivity=connectivity)
    return ChipProgram(1e-3, {"x": InputPort("x", source)}, {"p": population}, {"w": projection}, ())


@many
@given(st.data())
def test_both_ways_equal_the_reference(data):
    def size(low: int, high: int) -> int:
        return data.draw(st.integers(low, high))

    rng = np.random.default_rng(size(0, 2**32 - 1))
    taps, padding = (size(1, 5), size(1, 5)), (size(0, 6), size(0, 6))
    source = size(1, 20), size(max(1, taps[0] - 2 * padding[0]), 9), size(max(1, taps[1] - 2 * padding[1]), 70)
    connectivity = Convolution((size(1, 4), size(1, 6)), padding)
    weights = 2 * rng.integers(-10, 11, (data.draw(st.sampled_from([1, 7, 16, 17, 40, 65, 130])), source[0], *taps))
    program = sums(source, weights, connectivity)
    x = rng.random((3, 2, int(np.prod(source)))) < data.draw(st.sampled_from([0.0, 0.05, 0.5, 1.0]))
    expected = reference(program, {"x": x}, RunOptions())
    for way in (BY_SOURCE, BY_TARGET):
        assert_equal(fast(program, {"x": x}, RunOptions(), way), expected)


def arithmetic(weights: np.ndarray, connectivity: Convolution, rate: float, *, graded: bool = False) -> Arithmetic:
    """How a convolution of an image of 20 x 20 is computed at a share of active sources."""
    source = weights.shape[1] * connectivity.groups, 20, 20
    synapses = ConvolutionSynapses(weights, connectivity, source, graded=graded)
    heard = np.random.default_rng(0).random((1, int(np.prod(source)))) < rate
    activation = np.zeros((1, int(np.prod(convolved(source, weights.shape, connectivity)))), np.int32)
    with Workers() as workers:
        return synapses.deliver(heard.astype(np.int32) if graded else heard, activation, workers).how


@pytest.mark.parametrize(
    ("rate", "how"), [(0.01, Arithmetic.EVENTS), (0.2, Arithmetic.WINDOWS), (0.8, Arithmetic.FLOAT32)]
)
def test_the_activity_decides_how_spikes_are_added(rate, how):
    assert arithmetic(np.full((32, 8, 5, 5), 2), Convolution(), rate) is how


@pytest.mark.parametrize(
    ("weights", "connectivity", "graded"),
    [
        (np.full((32, 8, 5, 5), 254), Convolution(), False),
        (np.full((32, 8, 5, 5), 2), Convolution(dilation=(1, 2)), False),
        (np.full((32, 8, 5, 5), 2), Convolution(groups=2), False),
        (np.full((32, 8, 5, 5), 2), Convolution(), True),
    ],
    ids=["sums beyond 16 bits", "dilation", "groups", "payloads"],
)
def test_what_windows_cannot_add_is_added_by_source(weights, connectivity, graded):
    assert arithmetic(weights, connectivity, 0.2, graded=graded) is Arithmetic.EVENTS
