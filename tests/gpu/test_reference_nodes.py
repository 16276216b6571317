"""Nodes without weights between all and all: convolutions, pools, delays and thresholds, against numpy."""

from __future__ import annotations

import nir
import numpy as np
import pytest
import torch
from float_graphs import K, chain, node, sink, source, update
from numpy.lib.stride_tricks import sliding_window_view

from neurotool.ir.adapters import RunOptions
from neurotool.targets.gpu import TARGET
from neurotool.targets.gpu.timing import Delay

DT = 1e-3


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def through(op, shape, x):
    """The output of one stateless node."""
    model = chain(source("x", x.shape[2:], K.CURRENT), node("n", op, shape, K.CURRENT), sink("out", shape))
    return TARGET.run_graph(model, {"x": x}, RunOptions()).outputs["out"]


def windows(x, kernel, stride, margin, dilation=(1, 1)):
    """Windows of images ``[..., height, width]`` as ``[..., rows, columns, *kernel]``, in float64."""
    sides = [(0, 0)] * (x.ndim - 2) + [(m, m) for m in margin]
    padded = np.pad(x.astype(np.float64), sides)
    spans = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    found = sliding_window_view(padded, spans, axis=(-2, -1))
    return found[..., :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def convolved(x, weight, bias, stride, margin, dilation, groups):
    parts = []
    for channels, kernels in zip(np.split(x, groups, -3), np.split(weight, groups), strict=True):
        seen = windows(channels, weight.shape[-2:], stride, margin, dilation)
        parts.append(np.einsum("tbihwkl,oikl->tbohw", seen, kernels.astype(np.float64)))
    return np.concatenate(parts, 2) + bias[:, None, None]


CONVOLUTIONS = {
    "plain": ((1, 1), (0, 0), (1, 1), 1),
    "stride and padding": ((2, 1), (1, 2), (1, 1), 1),
    "dilation": ((1, 2), (2, 0), (2, 1), 1),
    "groups": ((1, 1), (1, 1), (1, 1), 2),
}


@pytest.mark.parametrize(("stride", "margin", "dilation", "groups"), CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_conv2d_is_the_sum_over_its_windows(stride, margin, dilation, groups):
    x, weight, bias = drawn(3, 2, 4, 7, 8), drawn(6, 4 // groups, 3, 2, seed=1), drawn(6, seed=2)
    expected = convolved(x, weight, bias, stride, margin, dilation, groups)
    op = nir.Conv2d((7, 8), weight, stride, margin, dilation, groups, bias)
    np.testing.assert_allclose(through(op, expected.shape[2:], x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("padding", "margin"), [("same", (1, 2)), ("valid", (0, 0)), (1, (1, 1))])
def test_padding_by_name_and_by_one_number(padding, margin):
    x, weight = drawn(2, 1, 2, 5, 6), drawn(3, 2, 3, 5, seed=1)
    expected = convolved(x, weight, np.zeros(3), (1, 1), margin, (1, 1), 1)
    op = nir.Conv2d((5, 6), weight, 1, padding, 1, 1, np.zeros(3))
    np.testing.assert_allclose(through(op, expected.shape[2:], x), expected, rtol=1e-5, atol=1e-5)


def test_conv1d_is_a_convolution_of_one_row():
    x, weight, bias = drawn(3, 2, 4, 9), drawn(2, 2, 3, seed=1), drawn(2, seed=2)
    expected = convolved(x[..., None, :], weight[:, :, None], bias, (1, 2), (0, 1), (1, 2), 2)[..., 0, :]
    op = nir.Conv1d(9, weight, 2, 1, 2, 2, bias)
    np.testing.assert_allclose(through(op, expected.shape[2:], x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kernel", "stride", "margin"), [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 2), (2, 1))])
def test_pools_sum_or_average_whole_windows(kernel, stride, margin):
    x = drawn(2, 3, 4, 6, 7)
    seen = windows(x, kernel, stride, margin)
    sizes = (np.array(kernel), np.array(stride), np.array(margin))
    shape = seen.shape[2:5]
    np.testing.assert_allclose(through(nir.SumPool2d(*sizes), shape, x), seen.sum((-2, -1)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(through(nir.AvgPool2d(*sizes), shape, x), seen.mean((-2, -1)), rtol=1e-5, atol=1e-6)


def test_sum_pool_counts_spikes_exactly():
    x = (drawn(4, 2, 3, 9, 9) > 0).astype(np.float32)
    three = np.array([3, 3])
    found = through(nir.SumPool2d(three, three, np.array([0, 0])), (3, 3, 3), x)
    assert np.array_equal(found, windows(x, (3, 3), (3, 3), (0, 0)).sum((-2, -1)))


def test_delay_holds_every_element_back_by_its_own_steps():
    lags = np.array([[0, 1, 3], [2, 0, 9]])
    x = drawn(6, 2, 2, 3)
    found = through(nir.Delay(lags * DT), (2, 3), x)
    expected = np.zeros_like(x)
    for index, lag in np.ndenumerate(lags):
        for t in range(lag, 6):
            expected[(t, slice(None), *index)] = x[(t - lag, slice(None), *index)]
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(("delay", "steps"), [(2.4 * DT, 2), (0.3 * DT, 0), (2.9999 * DT, 3), (1e-9, 0)])
def test_delays_are_rounded_to_whole_steps(delay, steps):
    x = drawn(5, 1, 1)
    found = through(nir.Delay(np.array([delay])), (1,), x)
    assert np.array_equal(found, np.concatenate([np.zeros_like(x[:steps]), x[: 5 - steps]]))


def test_delay_step_by_step_equals_the_whole_raster():
    module, x = Delay(nir.Delay(np.array([0, 2, 3]) * DT), (3,), DT), torch.randn(7, 4, 3)
    advance = module.stepper()
    assert torch.equal(torch.stack([advance(row) for row in x]), module(x))


def test_threshold_compares_its_input_and_keeps_nothing():
    ones, zeros = np.ones(1), np.zeros(1)
    coefficients = update(1, kv=1.0, threshold=0.1)
    neurons = node("n", nir.Threshold(ones * 0.1), (1,), K.SPIKES, update=coefficients)
    model = chain(source("x", (1,), K.CURRENT), neurons, sink("out", (1,), K.SPIKES))
    limit = np.float32(0.1)
    x = np.array([0.3, limit, -1e8, np.nextafter(limit, np.float32(1)), zeros[0], limit], np.float32).reshape(-1, 1, 1)
    found = TARGET.run_graph(model, {"x": x}, RunOptions()).outputs["out"]
    assert found.ravel().tolist() == [True, False, False, True, False, False]
