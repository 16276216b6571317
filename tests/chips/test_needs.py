"""What cores need for matrices, lists and convolutions: by hand, and against a walk over every synapse."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip
from neurotool.chips.memory import Storage, synapse_storage
from neurotool.chips.needs import Needs, list_entries
from neurotool.chips.wiring import destinations, fan_outs, out_axons
from neurotool.ir.connectivity import convolved
from neurotool.ir.placement import CoreUse
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection, Sparse
from neurotool.synapses.expand import SynapseLists, expand

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


def cores(**ends):
    """Cores of populations that end at the given neurons."""
    found = []
    for name, lasts in ends.items():
        for first, last in zip([0, *lasts], lasts, strict=False):
            found.append(CoreUse(0, len(found), name, first, last, 0, 0, 0))
    return found


ROW = Convolution(padding=(0, 1))


def test_a_kernel_is_stored_once_for_all_positions_that_see_it_alike():
    net = two_layers((1, 5), (1, 5), np.array([[[[2, 4, 6]]]]), connectivity=ROW)
    entries, stored = list_entries(SynapseLists(net, net.projections["w"]), 0, 5)
    # The three inner positions meet all three weights; the outer ones fall off the kernel at one side.
    assert entries.tolist() == [2, 3, 3, 3, 2]
    assert sorted(stored.tolist()) == [2, 2, 3]
    # Three lists of one word each: 3 x (8 + 6 bits) + 10 are 52 bits.
    use = Needs(net, MEMORY).of("b", 0, 5)
    assert (use.synapse_bits, use.in_axons) == (3 * 64, 5)


def test_channels_have_lists_of_their_own_and_an_axon_in_common():
    net = two_layers((2, 5), (1, 5), np.array([[[[2, 4, 6]], [[2, 4, 6]]]]), connectivity=ROW)
    use = Needs(net, MEMORY).of("b", 0, 5)
    assert (use.synapse_bits, use.in_axons) == (6 * 64, 5)


def test_a_core_stores_what_its_own_neurons_use():
    net = two_layers((1, 5), (1, 5), np.array([[[[2, 4, 6]]]]), connectivity=ROW)
    use = Needs(net, MEMORY).of("b", 0, 1)
    assert (use.synapse_bits, use.in_axons) == (2 * 64, 2)


def test_listed_synapses_have_indices_and_may_repeat():
    form = Sparse(np.array([0, 0, 1]), np.array([0, 0, 2]))
    net = two_layers((3,), (2,), np.array([2, 4, 6]), connectivity=form)
    use = Needs(net, MEMORY).of("b", 0, 2)
    assert (use.synapse_bits, use.in_axons) == (2 * 64, 2)
    assert synapse_storage(np.array([2, 1]), 2, net.projections["w"], MEMORY) == (Storage.SPARSE, 128)


@pytest.mark.parametrize(("delays", "bits"), [(None, 2 * 64), (np.zeros((10, 1), np.int64), 2 * 64), (7, 3 * 64)])
def test_delays_widen_every_entry_of_a_list(delays, bits):
    # Ten weights of 8 bits and a header of 10 are two words; with 6 bits of delay each they are three.
    held = np.full((10, 1), delays) if isinstance(delays, int) else delays
    net = two_layers((1,), (10,), np.full((10, 1), 2), delays=held)
    assert Needs(net, MEMORY).of("b", 0, 10).synapse_bits == bits


def test_an_index_beyond_the_widest_takes_its_own_width():
    weights = Projection("w", "a", "b", np.array([2]), connectivity=Sparse(np.array([0]), np.array([0])))
    # Four entries of 8 + 13 bits and a header are two words; with 12 bits of index they would be one and a half.
    assert synapse_storage(np.array([4]), 8192, weights, MEMORY) == (Storage.SPARSE, 2 * 64)


def test_output_axons_of_a_convolution_are_counted_by_position():
    net = two_layers((3, 2), (1, 2), np.full((1, 3, 1, 1), 2), connectivity=Convolution())
    placed = cores(a=[4, 6], b=[1, 2])
    reached = fan_outs(net, placed)
    # Neurons 0 to 3 are both positions of two channels, neurons 4 and 5 those of the third.
    assert out_axons(net, placed, reached) == (2, 2, 0, 0)
    found = destinations(net, reached)
    assert found["a"].toarray().tolist() == [[0, 0, 1, 0], [0, 0, 0, 1]] * 3
    assert found["in"].toarray().tolist() == [[1, 1, 0, 0]]


@st.composite
def convolutional(draw):
    """A convolution, and a range of its target neurons."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = draw(st.integers(1, 2))
    form = Convolution(
        draw(st.tuples(*[st.integers(1, 2)] * 2)), draw(st.tuples(*[st.integers(0, 1)] * 2)), (1, 1), groups
    )
    shape = groups * draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    weights = np.where(rng.random(shape) < draw(st.sampled_from([0.4, 1.0])), 2 * rng.integers(1, 9, shape), 0)
    source = groups * shape[1], draw(st.integers(3, 5)), draw(st.integers(3, 5))
    net = two_layers(source, convolved(source, shape, form), weights, connectivity=form)
    first, last = sorted(draw(st.tuples(*[st.integers(0, net.size_of("b"))] * 2)))
    return net, first, last


@settings(max_examples=100, deadline=None)
@given(convolutional())
def test_shared_lists_are_those_that_differ_by_more_than_a_shift(drawn):
    net, first, last = drawn
    projection = net.projections["w"]
    own = defaultdict(list)
    synapses = expand(net, projection)
    for target, source, place in zip(synapses.targets, synapses.sources, synapses.places, strict=True):
        if first <= target < last:
            own[source].append((target, place))
    different = {tuple((target - held[0][0], place) for target, place in held) for held in own.values()}
    entries, stored = list_entries(SynapseLists(net, projection), first, last)
    assert {int(source): count for source, count in enumerate(entries) if count} == {s: len(h) for s, h in own.items()}
    assert sorted(stored[stored > 0].tolist()) == sorted(map(len, different))


@settings(max_examples=50, deadline=None)
@given(convolutional(), st.integers(1, 9))
def test_no_synapse_is_lost_between_cores(drawn, size):
    net, *_ = drawn
    placed = cores(a=[net.size_of("a")], b=[*range(size, net.size_of("b"), size), net.size_of("b")])
    reached = fan_outs(net, placed)["w"].toarray()
    counts = expand(net, net.projections["w"]).counts.toarray()
    for i, core in enumerate(placed):
        if core.population == "b":
            assert reached[:, i].tolist() == counts[core.first : core.last].sum(axis=0).tolist()
        else:
            assert not reached[:, i].any()
