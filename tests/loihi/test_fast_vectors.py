"""Vector operations of the event-driven loops: packed weights, lists of active sources, and sums at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from fast_runs import Ways, assert_equal, fast, many, reference
from hypothesis import given
from hypothesis import strategies as st

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection, SignMode
from neurotool.targets.loihi.memory import LINE, aligned
from neurotool.targets.loihi.synapses.active import list_active
from neurotool.targets.loihi.synapses.packed import Packed

EVENTS, WIDEST = Ways(2.0), 1 << 15


def sums_of(port: InputPort, target: tuple[int, ...], projection: Projection) -> ChipProgram:
    """A program that sends what arrives, summed over time."""
    population = Population("p", "sigma", target, {}, 1, 1.0)
    return ChipProgram(1e-3, {"x": port}, {"p": population}, {"w": projection}, ())


@pytest.mark.parametrize("mode", SignMode)
@pytest.mark.parametrize("targets", [1, 33, 64, 65, 150, 300])
def test_every_weight_that_a_chip_holds_fits_eight_bits_and_comes_back(mode, targets):
    low, high, step = {"excitatory": (0, 255, 1), "inhibitory": (-255, 0, 1)}.get(mode.value, (-256, 254, 2))
    rng = np.random.default_rng(targets)
    weights = (rng.integers(low // step, high // step + 1, (7, targets)) * step).astype(np.int16)
    weights[0, 0], weights[-1, -1] = low, high
    packed = Packed.of(weights)
    np.testing.assert_array_equal(packed.unpacked(), weights)
    assert packed.pairs.nbytes == Packed.bytes_of(7, targets)
    assert packed.pairs.ctypes.data % LINE == 0


@pytest.mark.parametrize("top", [256, 255])
def test_weights_that_no_chip_holds_are_refused(top):
    with pytest.raises(ValueError, match=f"from -256 to {top}"):
        Packed.of(np.array([[-256, top]], np.int16))


@many
@given(st.data())
def test_active_sources_are_listed_wherever_the_messages_begin(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    size = data.draw(st.integers(0, 300))
    first = data.draw(st.integers(0, size))
    count = data.draw(st.integers(0, size - first))
    active = rng.random(size) < data.draw(st.sampled_from([0.0, 0.1, 0.9, 1.0]))
    messages = (
        active if data.draw(st.booleans()) else (active * rng.integers(-(1 << 31), 1 << 31, size)).astype(np.int32)
    )
    room = np.full(count + 1, -1, np.int32)
    found = list_active(messages, first, count, room)
    assert room[:found].tolist() == np.flatnonzero(messages[first : first + count]).tolist()


@pytest.mark.parametrize("active", [1, 256, 257, 600])
@pytest.mark.parametrize("exponent", [-3, 0, 7])
def test_the_widest_bytes_of_many_sources_add_without_overflow(active, exponent):
    # In turns the lowest and the highest weight: bytes of 0 and 255 in both halves of a pair.
    weights = np.where(np.add.outer(np.arange(150), np.arange(600) // 300) % 2, -256, 254)
    program = sums_of(InputPort("x", (600,)), (150,), Projection("w", "x", "p", weights, exponent))
    x = np.zeros((2, 3, 600), bool)
    x[0, :, :active] = x[1, 1, -active:] = True
    found, expected = (run(program, {"x": x}, RunOptions(), *way) for run, way in ((fast, (EVENTS,)), (reference, ())))
    assert_equal(found, expected)
    alternating = 254 * min(active, 300) - 256 * max(active - 300, 0)
    assert found.spikes["p"][0, 0, 0] == (alternating << exponent if exponent >= 0 else alternating >> -exponent)


@pytest.mark.parametrize(("sign", "total"), [(1, WIDEST - 1), (1, WIDEST), (-1, WIDEST - 1), (-1, WIDEST)])
@pytest.mark.parametrize("channels", [1, 9, 24, 70])
@pytest.mark.parametrize("way", [Ways(2.0, window=np.inf), Ways(2.0, window=0.0)])
def test_sums_of_a_convolution_at_the_edge_of_16_bits(sign, total, channels, way):
    # Two sources whose weights add up to the edge, and a third that leads back from it.
    kernel = sign * np.array([total - 5, 5, -total]).reshape(1, 3, 1, 1).repeat(channels, axis=0)
    projection = Projection("w", "x", "p", kernel, connectivity=Convolution())
    program = sums_of(InputPort("x", (3, 2, 5)), (channels, 2, 5), projection)
    x = np.ones((2, 1, 3, 10), bool)
    x[0, 0, 2] = False
    inputs = {"x": x.reshape(2, 1, 30)}
    found = fast(program, inputs, RunOptions(), way)
    assert_equal(found, reference(program, inputs, RunOptions()))
    assert (found.spikes["p"] == sign * total).all()


@pytest.mark.parametrize("groups", [1, 3])
def test_payloads_of_a_convolution_wrap_at_24_bits_in_every_channel_and_position(groups):
    rng, connectivity = np.random.default_rng(groups), Convolution((2, 1), (1, 2), (1, 2), groups)
    kernel = rng.integers(-(1 << 15), 1 << 15, (51, 6 // groups, 3, 2))
    projection = Projection("w", "x", "p", kernel, message_bits=16, connectivity=connectivity)
    program = sums_of(InputPort("x", (6, 7, 9), 16), (51, 4, 11), projection)
    inputs = {"x": rng.integers(-(1 << 15), 1 << 15, (2, 2, 6 * 7 * 9)) * (rng.random((2, 2, 378)) < 0.2)}
    found = fast(program, inputs, RunOptions(), EVENTS)
    assert_equal(found, reference(program, inputs, RunOptions()))
    assert np.abs(found.spikes["p"]).max() > 1 << 22


def test_memory_begins_at_a_line_of_the_cache():
    for shape in ((1,), (3, 5), (1000, 7), (0,)):
        found = aligned(shape, np.int16)
        assert found.ctypes.data % LINE == 0
        assert (found.shape, found.dtype) == (shape, np.int16)
