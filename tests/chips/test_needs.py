"""What cores need for matrices, lists and convolutions: by hand, and against a walk over every synapse."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip
from neurotool.chips.lists import SliceLists
from neurotool.chips.memory import Storage, synapse_storage
from neurotool.chips.needs import ASSUMED_RATE, Needs
from neurotool.chips.wiring import axon_groups, destinations, fan_outs, in_axons, out_axons
from neurotool.ir.connectivity import convolved, planes
from neurotool.ir.placement import Slice
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection, Sparse
from neurotool.synapses.expand import expand

MEMORY = load_chip("loihi1").memory


def two_layers(source, target, weights, **form):
    """An input port, a population of its shape, and one that hears it through the projection ``w``."""
    one = np.full((int(np.prod(source)), 1), 2)
    return ChipProgram(
        1e-3,
        {"in": InputPort("in", (1,))},
        {"a": Population("a", "lif", source, {}, 1, 1.0), "b": Population("b", "lif", target, {}, 2, 1.0)},
        {"i": Projection("i", "in", "a", one), "w": Projection("w", "a", "b", weights, **form)},
        (),
    )


def cores(net, **ends):
    """The slices on cores of populations that are cut at the given neurons, whatever their shape."""
    return [
        (Slice.flat(name, net.size_of(name), first, last),)
        for name, lasts in ends.items()
        for first, last in zip([0, *lasts], lasts, strict=False)
    ]


def whole(net, name="b"):
    """A slice with every neuron of a population: an image where a convolution reaches it."""
    population = net.populations[name]
    if isinstance(net.projections["w"].connectivity, Convolution):
        grid = planes(population.shape)
        return Slice(name, grid, *((0, size) for size in grid))
    return Slice.flat(name, population.size, 0, population.size)


ROW = Convolution(padding=(0, 1))


def test_a_kernel_is_stored_once_for_all_positions_that_see_it_alike():
    net = two_layers((1, 5), (1, 5), np.array([[[[2, 4, 6]]]]), connectivity=ROW)
    lists = SliceLists(net, net.projections["w"])
    # The three inner positions meet all three weights; the outer ones fall off the kernel at one side.
    sources, entries = lists.reach(whole(net))
    assert (sources.tolist(), entries.tolist()) == ([0, 1, 2, 3, 4], [2, 3, 3, 3, 2])
    assert sorted(lists.held(whole(net)).stored.tolist()) == [2, 2, 3]
    # Three lists of one word each: 3 x (8 + 6 bits) + 10 are 52 bits.
    use = Needs(net, MEMORY).of(whole(net))
    assert (use.synapse_bits, use.in_axons) == (3 * 64, 5)


def test_channels_have_lists_of_their_own_and_an_axon_in_common():
    net = two_layers((2, 5), (1, 5), np.array([[[[2, 4, 6]], [[2, 4, 6]]]]), connectivity=ROW)
    use = Needs(net, MEMORY).of(whole(net))
    assert (use.synapse_bits, use.in_axons) == (6 * 64, 5)


def test_a_core_stores_what_its_own_neurons_use():
    net = two_layers((1, 5), (1, 5), np.array([[[[2, 4, 6]]]]), connectivity=ROW)
    use = Needs(net, MEMORY).of(Slice("b", (1, 1, 5), (0, 1), (0, 1), (0, 1)))
    assert (use.synapse_bits, use.in_axons) == (2 * 64, 2)


def test_listed_synapses_have_indices_and_may_repeat():
    form = Sparse(np.array([0, 0, 1]), np.array([0, 0, 2]))
    net = two_layers((3,), (2,), np.array([2, 4, 6]), connectivity=form)
    use = Needs(net, MEMORY).of(whole(net))
    assert (use.synapse_bits, use.in_axons) == (2 * 64, 2)
    assert synapse_storage(np.array([2, 1]), 2, net.projections["w"], MEMORY) == (Storage.SPARSE, 128)


@pytest.mark.parametrize(("delays", "bits"), [(None, 2 * 64), (np.zeros((10, 1), np.int64), 2 * 64), (7, 3 * 64)])
def test_delays_widen_every_entry_of_a_list(delays, bits):
    # Ten weights of 8 bits and a header of 10 are two words; with 6 bits of delay each they are three.
    held = np.full((10, 1), delays) if isinstance(delays, int) else delays
    net = two_layers((1,), (10,), np.full((10, 1), 2), delays=held)
    assert Needs(net, MEMORY).of(whole(net)).synapse_bits == bits


def test_an_index_beyond_the_widest_takes_its_own_width():
    weights = Projection("w", "a", "b", np.array([2]), connectivity=Sparse(np.array([0]), np.array([0])))
    # Four entries of 8 + 13 bits and a header are two words; with 12 bits of index they would be one and a half.
    assert synapse_storage(np.array([4]), 8192, weights, MEMORY) == (Storage.SPARSE, 2 * 64)


def test_output_axons_of_a_convolution_are_counted_by_position():
    net = two_layers((3, 2), (1, 2), np.full((1, 3, 1, 1), 2), connectivity=Convolution())
    placed = cores(net, a=[4, 6], b=[1, 2])
    reached = fan_outs(net, placed)
    # Neurons 0 to 3 are both positions of two channels, neurons 4 and 5 those of the third.
    assert out_axons(net, placed, reached).tolist() == [2, 2, 0, 0]
    # A core hears both input neurons; one position of b hears one position of a.
    assert in_axons(net, placed, reached).tolist() == [1, 1, 1, 1]
    found = destinations(net, reached)
    assert found["a"].toarray().tolist() == [[0, 0, 1, 0], [0, 0, 0, 1]] * 3
    assert found["in"].toarray().tolist() == [[1, 1, 0, 0]]


@st.composite
def ranges(draw, size):
    """A range that is not empty."""
    first = draw(st.integers(0, size - 1))
    return first, draw(st.integers(first + 1, size))


@st.composite
def convolutional(draw):
    """A convolution, and a box or a range of its target neurons."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = draw(st.integers(1, 2))
    pair = st.tuples(*[st.integers(1, 3)] * 2)
    form = Convolution(
        draw(pair), draw(st.tuples(*[st.integers(0, 2)] * 2)), draw(st.sampled_from([(1, 1), (2, 1)])), groups
    )
    shape = groups * draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    weights = np.where(rng.random(shape) < draw(st.sampled_from([0.0, 0.4, 1.0])), 2 * rng.integers(1, 9, shape), 0)
    source = groups * shape[1], draw(st.integers(3, 6)), draw(st.integers(3, 6))
    net = two_layers(source, convolved(source, shape, form), weights, connectivity=form)
    grid = planes(net.populations["b"].shape)
    if draw(st.booleans()):
        return net, Slice("b", grid, *(draw(ranges(size)) for size in grid))
    return net, Slice.flat("b", net.size_of("b"), *draw(ranges(net.size_of("b"))))


@settings(max_examples=200, deadline=None)
@given(convolutional())
def test_shared_lists_are_those_that_differ_by_more_than_a_shift(drawn):
    net, held = drawn
    projection, inside = net.projections["w"], set(held.neurons.tolist())
    own = defaultdict(list)
    synapses = expand(net, projection)
    for target, source, place in zip(synapses.targets, synapses.sources, synapses.places, strict=True):
        if int(target) in inside:
            own[int(source)].append((int(target), int(place)))
    # What a source meets at which tap says where its targets lie relative to it.
    different = {tuple(sorted(place for _, place in met)) for met in own.values()}
    lists = SliceLists(net, projection)
    sources, entries = lists.reach(held)
    found = lists.held(held)
    assert dict(zip(sources.tolist(), entries.tolist(), strict=True)) == {s: len(met) for s, met in own.items()}
    assert sorted(found.stored[found.stored > 0].tolist()) == sorted(map(len, different))
    assert (found.synapses, found.sources) == (sum(map(len, own.values())), len(own))
    assert found.axons == len({int(axon_groups(net, projection)[source]) for source in own})


@settings(max_examples=50, deadline=None)
@given(convolutional(), st.integers(1, 9))
def test_no_synapse_is_lost_between_cores(drawn, size):
    net, _ = drawn
    placed = cores(net, a=[net.size_of("a")], b=[*range(size, net.size_of("b"), size), net.size_of("b")])
    reached = fan_outs(net, placed)["w"].toarray()
    counts = expand(net, net.projections["w"]).counts.toarray()
    for i, (held,) in enumerate(placed):
        if held.population == "b":
            assert reached[:, i].tolist() == counts[held.neurons].sum(axis=0).tolist()
        else:
            assert not reached[:, i].any()


def test_projections_from_one_source_share_axons_and_messages():
    net = two_layers((3,), (2,), np.array([[2, 0, 0], [2, 2, 0]]))
    second = Projection("v", "a", "b", np.array([[0, 2, 0], [0, 2, 2]]))
    net = ChipProgram(net.dt, net.inputs, net.populations, {**net.projections, "v": second}, ())
    use = Needs(net, MEMORY, {"a": 0.5}).of(whole(net))
    assert (use.in_axons, use.synops, use.messages) == (3, 0.5 * 6, 0.5 * 3)
    assert Needs(net, MEMORY).of(whole(net)).synops == pytest.approx(ASSUMED_RATE * 6)


@given(st.data())
def test_runs_of_a_slice_are_its_neurons(data):
    grid = data.draw(st.tuples(*[st.integers(1, 4)] * 3))
    held = Slice("p", grid, *(data.draw(ranges(size)) for size in grid))
    assert [i for first, last in held.runs() for i in range(first, last)] == held.neurons.tolist()
    assert (
        held.neurons.tolist()
        == np.arange(np.prod(grid))
        .reshape(grid)[tuple(slice(*axis) for axis in (held.channels, held.rows, held.columns))]
        .ravel()
        .tolist()
    )
    assert held.size == held.neurons.size
