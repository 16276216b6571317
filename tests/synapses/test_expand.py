"""Expanded synapses against the readable sums, and the readable convolution against torch."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.ir.connectivity import convolved
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, InputPort, Population, Projection, Sparse
from neurotool.synapses import Delivery
from neurotool.synapses import expand as expanding
from neurotool.synapses.convolution import SUM_LIMIT, accumulate
from neurotool.synapses.expand import SynapseLists, expand


def program(source, target, projection):
    """One projection from an input port of one shape to a population of another."""
    port = InputPort("a", source, projection.message_bits)
    return ChipProgram(1e-3, {"a": port}, {"b": Population("b", "lif", target, {}, 1, 1.0)}, {"w": projection}, ())


def draw_weights(draw, shape):
    """Weights of which many are zero."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.where(rng.random(shape) < draw(st.sampled_from([0.0, 0.5, 1.0])), 2 * rng.integers(-128, 128, shape), 0)


@st.composite
def convolutions(draw):
    """A program with a convolution of any geometry whose kernel fits the padded image."""
    small, pair = st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3))
    groups, dilation, padding = draw(small), draw(pair), draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    inside, out = draw(small), groups * draw(small)
    one_row = draw(st.booleans())
    kernel = (1 if one_row else draw(small), draw(small))
    padding = (0, padding[1]) if one_row else padding
    least = [max(1, d * (k - 1) + 1 - 2 * p) for d, k, p in zip(dilation, kernel, padding, strict=True)]
    height, width = (n + draw(st.integers(0, 4)) for n in least)
    source = (groups * inside, width) if one_row else (groups * inside, height, width)
    form = Convolution(draw(pair), padding, dilation, groups)
    weights = draw_weights(draw, (out, inside, *kernel))
    target = convolved(source, weights.shape, form)
    target = (target[0], target[2]) if one_row else target
    return program(source, target, Projection("w", "a", "b", weights, connectivity=form, message_bits=16))


@st.composite
def tables(draw):
    """A program with a matrix or a list of synapses, pairs of neurons repeated, with and without delays."""
    sources, targets = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    if draw(st.booleans()):
        form, shape = AllToAll(), (targets, sources)
    else:
        shape = (draw(st.integers(0, 30)),)
        indices = (st.lists(st.integers(0, n - 1), min_size=shape[0], max_size=shape[0]) for n in (targets, sources))
        form = Sparse(*(np.array(draw(found), np.int64) for found in indices))
    weights = draw_weights(draw, shape)
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    delays = rng.integers(0, draw(st.sampled_from([1, 4, 64])), shape) if draw(st.booleans()) else None
    return program(
        (sources,), (targets,), Projection("w", "a", "b", weights, connectivity=form, delays=delays, message_bits=16)
    )


def payloads_for(net, batch=3):
    return np.random.default_rng(1).integers(-40, 40, (batch, net.size_of("a")))


@settings(max_examples=100, deadline=None)
@given(convolutions() | tables())
def test_expanded_synapses_deliver_what_the_readable_sums_deliver(net):
    projection = net.projections["w"]
    sent = {delay: payloads_for(net) + delay for delay in range(64)}
    found, total = expand(net, projection), np.zeros((3, net.size_of("b")), np.int64)
    messages = np.array([sent[delay] for delay in range(64)])[found.delays, :, found.sources]
    np.add.at(total.T, found.targets, found.weights[:, None] * messages)
    assert np.array_equal(total, np.broadcast_to(Delivery(net, projection).activation(sent.__getitem__), total.shape))


@settings(max_examples=100, deadline=None)
@given(convolutions() | tables(), st.integers(1, 30), st.data())
def test_synapses_are_ordered_and_the_same_in_pieces(net, size, data):
    projection = net.projections["w"]
    lists, whole = SynapseLists(net, projection), expand(net, projection)
    assert lists.total == len(whole.weights) == np.count_nonzero(whole.weights) == whole.counts.sum()
    order = whole.targets * net.size_of("a") + whole.sources
    assert np.all(np.diff(order) >= 0)
    assert np.array_equal(projection.weights.ravel()[whole.places], whole.weights)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, net.size_of("b"))] * 2)))
    inside = (whole.targets >= first) & (whole.targets < last)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expanding, "PIECE", size)
        pieces = list(lists.pieces(first, last))
    for name in ("targets", "sources", "places", "weights", "delays"):
        parts = [getattr(piece, name) for piece in pieces]
        assert np.array_equal(np.concatenate([np.zeros(0, np.int64), *parts]), getattr(whole, name)[inside])


def torch_convolution(net, messages):
    """The same convolution by torch, in float64, where these integers are exact."""
    projection, source = net.projections["w"], net.shape_of("a")
    image = torch.from_numpy(messages.astype(np.float64)).reshape(len(messages), source[0], -1, source[-1])
    form = projection.connectivity
    convolve = partial(torch.nn.functional.conv2d, image, torch.from_numpy(projection.weights.astype(np.float64)))
    out = convolve(None, form.stride, form.padding, form.dilation, form.groups)
    return out.reshape(len(messages), -1).numpy().astype(np.int64)


@settings(max_examples=100, deadline=None)
@given(convolutions(), st.booleans())
def test_a_convolution_is_that_of_torch(net, graded):
    projection, messages = net.projections["w"], payloads_for(net)
    heard = messages if graded else (messages != 0).astype(np.int64)
    ours = accumulate(projection.weights, projection.connectivity, net.shape_of("a"), messages, graded=graded)
    assert np.array_equal(ours, torch_convolution(net, heard))


def test_a_convolution_wraps_at_24_bits():
    weights, form = np.full((1, 1, 1, 2), 128), Convolution()
    sums = accumulate(weights, form, (1, 2), np.array([[32768, 32767], [32768, 32768], [-32768, -32769]]), graded=True)
    assert sums.tolist() == [[SUM_LIMIT - 128], [-SUM_LIMIT], [SUM_LIMIT - 128]]


def test_a_convolution_by_hand():
    # Kernel [2, 0, 4] over four columns with one column of padding: the middle tap is no synapse.
    projection = Projection("w", "a", "b", np.array([[[[2, 0, 4]]]]), connectivity=Convolution(padding=(0, 1)))
    found = expand(program((1, 4), (1, 4), projection), projection)
    synapses = zip(found.targets, found.sources, found.weights, found.places, strict=True)
    assert [tuple(map(int, s)) for s in synapses] == [
        (0, 1, 4, 2),
        (1, 0, 2, 0),
        (1, 2, 4, 2),
        (2, 1, 2, 0),
        (2, 3, 4, 2),
        (3, 2, 2, 0),
    ]


def test_repeated_synapses_stay_apart_even_where_their_weights_cancel():
    form = Sparse(np.array([1, 0, 1, 1]), np.array([2, 0, 2, 0]))
    projection = Projection("w", "a", "b", np.array([6, 0, -6, 2]), connectivity=form, delays=np.array([3, 9, 0, 5]))
    found = expand(program((3,), (2,), projection), projection)
    assert found.counts.toarray().tolist() == [[0, 0, 0], [1, 0, 2]]
    assert (found.sources.tolist(), found.weights.tolist(), found.delays.tolist()) == ([0, 2, 2], [2, 6, -6], [5, 3, 0])
