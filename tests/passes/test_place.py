"""Placement: nothing is lost or doubled, limits hold, and what does not fit says why."""

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip
from neurotool.chips.needs import ASSUMED_RATE, Needs
from neurotool.chips.wiring import axon_groups
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.connectivity import convolved
from neurotool.ir.placement import Placement, Slice
from neurotool.ir.program import ChipProgram, Convolution, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.neurons import MODELS
from neurotool.passes.place import CHECKS, place
from neurotool.rules import RULES
from neurotool.synapses.expand import SynapseLists, expand

LOIHI1 = load_chip("loihi1")
NO_BARRIER = LOIHI1.costs.barrier.model_copy(update={"value": 0.0, "low": 0.0})


def chip_with(**limits):
    changed = {name: getattr(LOIHI1.limits, name).model_copy(update={"value": v}) for name, v in limits.items()}
    return LOIHI1.model_copy(update={"limits": LOIHI1.limits.model_copy(update=changed)})


def slices_of(placement, population):
    """Slices of a population, core by core."""
    return [held for core in placement.cores for held in core.slices if held.population == population]


def population(name, size, start=1, model="lif"):
    return Population(name, model, (size,), {"bias_mant": np.zeros(size, np.int64)}, start, 1.0)


def program(weights, *, recurrent=None, message_bits=0, weight_bits=8, model="lif", delay=None):
    """A chain of dense projections; ``recurrent`` is a matrix on the first population."""
    inputs = {"in": InputPort("in", (weights[0].shape[1],), message_bits)}
    populations, projections, source = {}, {}, "in"
    for i, matrix in enumerate(weights):
        name = f"p{i}"
        populations[name] = population(name, matrix.shape[0], i + 1, model)
        delays = None if delay is None else np.full(matrix.shape, delay)
        projections[f"w{i}"] = Projection(f"w{i}", source, name, matrix, weight_bits=weight_bits, delays=delays)
        source = name
    if recurrent is not None:
        projections["r"] = Projection("r", "p0", "p0", recurrent)
    return ChipProgram(1e-3, inputs, populations, projections, (OutputPort(source, OutputKind.SPIKES),))


def image_layer(shape, weights, form):
    """An input image and one convolution of it."""
    projection = Projection("w", "in", "p", weights, connectivity=form)
    target = convolved(shape, weights.shape, form)
    size = int(np.prod(target))
    layer = Population("p", "lif", target, {"bias_mant": np.zeros(size, np.int64)}, 1, 1.0)
    return ChipProgram(1e-3, {"in": InputPort("in", shape)}, {"p": layer}, {"w": projection}, ())


def random_weights(rng, shape, density):
    return np.where(rng.random(shape) < density, 2 * rng.integers(1, 100, shape), 0).astype(np.int64)


def brute_force(net, placement):
    """Count synapses and axons of every core from the single synapses."""
    owner = {name: np.full(p.size, -1) for name, p in net.populations.items()}
    for i, core in enumerate(placement.cores):
        for held in core.slices:
            assert (owner[held.population][held.neurons] == -1).all(), "a neuron lies on two cores"
            owner[held.population][held.neurons] = i
    assert all((cores >= 0).all() for cores in owner.values()), "a neuron lies nowhere"
    synapses, into, out = np.zeros(len(placement.cores), int), set(), set()
    for p in net.projections.values():
        found, kind = expand(net, p), isinstance(p.connectivity, Convolution)
        axon, to = axon_groups(net, p)[found.sources], owner[p.target][found.targets]
        synapses += np.bincount(to, minlength=len(synapses))
        into |= set(zip([(p.source, kind)] * len(to), axon.tolist(), to.tolist(), strict=True))
        if p.source in owner:
            own = owner[p.source][found.sources]
            out |= set(zip(own.tolist(), [(p.source, kind)] * len(to), axon.tolist(), to.tolist(), strict=True))
    return synapses, Counter(to for *_, to in into), Counter(own for own, *_ in out)


def check(net, placement, chip):
    """No neuron or synapse is lost or doubled, axons are counted right, and every limit holds on every core."""
    limits = chip.limits
    assert [(c.chip, c.core) for c in placement.cores] == [
        divmod(i, limits.cores.value) for i in range(len(placement.cores))
    ]
    synapses, into, out = brute_force(net, placement)
    for i, core in enumerate(placement.cores):
        assert core.in_axons == into[i] <= limits.in_axons_per_core.value
        assert core.out_axons == out[i] <= limits.out_axons_per_core.value
        assert core.synapse_bits <= limits.synapse_bits_per_core.value
        assert 0 < core.neurons <= limits.neurons_per_core.value
        assert len(set(core.populations)) == len(core.populations)
        assert len({net.populations[name].model for name in core.populations}) == 1
        assert core.synops == pytest.approx(ASSUMED_RATE * synapses[i])
    assert synapses.sum() == sum(SynapseLists(net, p).total for p in net.projections.values())
    assert placement.quality.synops == pytest.approx(ASSUMED_RATE * synapses.sum())


@st.composite
def dense_networks(draw):
    """A chain of matrices, perhaps with a loop."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=2, max_size=4))
    density, rng = draw(st.floats(0, 1)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = [random_weights(rng, (after, before), density) for before, after in pairwise(sizes)]
    loop = random_weights(rng, (sizes[1], sizes[1]), density) if draw(st.booleans()) else None
    return program(weights, recurrent=loop)


@st.composite
def image_networks(draw):
    """Two convolutions and a matrix; some kernels have zeros, some populations another neuron model."""
    rng, shape = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), (draw(st.integers(1, 3)), 8, 7)
    inputs, populations, projections, source = {"in": InputPort("in", shape)}, {}, {}, "in"
    for i, stride in enumerate(draw(st.tuples(*[st.integers(1, 2)] * 2))):
        weights = random_weights(rng, (draw(st.integers(1, 4)), shape[0], 3, 3), draw(st.sampled_from([0.5, 1.0])))
        form = Convolution((stride, 1), (1, 1))
        shape = convolved(shape, weights.shape, form)
        name, model = f"c{i}", draw(st.sampled_from(["lif", "lif_reset"]))
        populations[name] = Population(name, model, shape, {}, i + 1, 1.0)
        projections[f"w{i}"] = Projection(f"w{i}", source, name, weights, connectivity=form)
        source = name
    populations["d"] = Population("d", "lif", (5,), {}, 3, 1.0)
    projections["d"] = Projection("d", source, "d", random_weights(rng, (5, int(np.prod(shape))), 0.7))
    return ChipProgram(1e-3, inputs, populations, projections, ())


NETWORKS = st.one_of(dense_networks(), image_networks())
NARROW = {"synapse_bits_per_core": 16384, "in_axons_per_core": 280, "out_axons_per_core": 200}


@settings(max_examples=80, deadline=None)
@given(NETWORKS, st.integers(2, 40), st.integers(1, 50))
def test_no_neuron_or_synapse_is_lost_or_doubled_and_every_limit_holds(net, neurons, cores):
    chip = chip_with(neurons_per_core=neurons, cores=cores, **NARROW)
    check(net, place(net, chip), chip)


@settings(max_examples=20, deadline=None)
@given(NETWORKS, st.integers(2, 40), st.integers(0, 3))
def test_a_search_is_never_worse_and_the_same_for_a_seed(net, neurons, seed):
    chip = chip_with(neurons_per_core=neurons, cores=30, **NARROW)
    chip = chip.model_copy(
        update={"costs": chip.costs.model_copy(update={"barrier": NO_BARRIER, "barrier_chips": NO_BARRIER})}
    )
    greedy, found = place(net, chip), place(net, chip, optimise_seconds=0.1, seed=seed)
    check(net, found, chip)
    assert found.quality.cost <= greedy.quality.cost * (1 + 1e-9)
    assert found.chips <= greedy.chips
    again = place(net, chip, optimise_seconds=0.1, seed=seed)
    if "clock" not in found.method + again.method:
        assert again == found


def test_a_search_finds_a_better_order_and_better_cuts():
    rng = np.random.default_rng(0)
    net = program([random_weights(rng, (60, 40), 1.0), random_weights(rng, (60, 60), 0.1)])
    chip = chip_with(neurons_per_core=2, cores=128)
    greedy, found = place(net, chip), place(net, chip, optimise_seconds=1.0)
    hops = [p.quality.hops_east_west + p.quality.hops_north_south for p in (greedy, found)]
    assert hops[1] < hops[0]
    assert "seed 0" in found.method and "search" not in greedy.method


def test_cores_are_filled_as_far_as_a_limit_allows():
    # A source's list of n dense 8-bit weights takes ceil((8 n + 10) / 64) words: 1 word up to 6 neurons, 2 up to 14.
    net = program([np.full((20, 10), 2)])
    placement = place(net, chip_with(synapse_bits_per_core=10 * 64))
    # Four cores are needed, and four take five neurons each as well.
    assert [held.channels for held in slices_of(placement, "p0")] == [(0, 5), (5, 10), (10, 15), (15, 20)]
    assert {c.synapse_bits for c in placement.cores} == {640}
    used = {r.name: (r.used, r.limit) for r in placement.resources}
    assert used["cores"] == (4, 128)
    assert used["synaptic memory per core"] == (640, 640)
    assert used["neurons per core"] == (5, 1024)


def test_ranges_of_neurons_share_the_load_and_not_only_the_number():
    weights = np.zeros((12, 100), np.int64)
    weights[:2], weights[2:, :20] = 2, 2
    placement = place(program([weights]), chip_with(neurons_per_core=10, synapse_bits_per_core=100 * 128))
    # Ten neurons fit a core, but two of the twelve have half of the synapses.
    assert [held.channels for held in slices_of(placement, "p0")] == [(0, 2), (2, 12)]
    assert [core.synops for core in placement.cores] == pytest.approx([0.1 * 200] * 2)


def test_output_axons_spread_the_senders():
    # Two target cores: every neuron of p0 needs two output axons, so ten axons hold five neurons.
    net = program([np.full((12, 3), 2), np.full((4, 12), 2)])
    placement = place(net, chip_with(out_axons_per_core=10, in_axons_per_core=12, synapse_bits_per_core=12 * 64))
    assert all(core.out_axons <= 10 for core in placement.cores)
    split = place(net, chip_with(out_axons_per_core=10, neurons_per_core=2, cores=1000))
    assert max(core.out_axons for core in split.cores if "p0" in core.populations) == 4


def test_an_image_is_cut_into_boxes_of_all_channels():
    net = image_layer((2, 12, 12), random_weights(np.random.default_rng(0), (4, 2, 3, 3), 1.0), Convolution())
    placement = place(net, chip_with(neurons_per_core=100))
    # Four boxes of 5 x 5 positions with four channels hear 7 x 7 positions each, which flat ranges could not.
    assert sorted((held.channels, held.rows, held.columns) for held in slices_of(placement, "p")) == [
        ((0, 4), rows, columns) for rows in ((0, 5), (5, 10)) for columns in ((0, 5), (5, 10))
    ]
    assert {core.in_axons for core in placement.cores} == {49}


def test_kernels_that_fit_no_core_are_cut_by_channels():
    weights = random_weights(np.random.default_rng(0), (32, 4, 3, 3), 1.0)
    net = image_layer((4, 3, 3), weights, Convolution())
    placement = place(net, chip_with(synapse_bits_per_core=36 * 4 * 64))
    # One position: 36 lists of one entry for each channel. Four words hold 12 entries of 8 + 6 bits, and more if split.
    assert len(slices_of(placement, "p")) > 1
    assert {held.rows for held in slices_of(placement, "p")} == {(0, 1)}
    check(net, placement, chip_with(synapse_bits_per_core=36 * 4 * 64))


def test_a_single_neuron_that_fits_no_core_is_found_wherever_it_is():
    weights = np.zeros((3, 4, 3, 3), np.int64)
    weights[2] = 2  # only the last channel has synapses, 36 lists of one entry each
    net = image_layer((4, 3, 5), weights, Convolution())
    with pytest.raises(NegativeAnswerError, match="p needs 2304 bits, a core has 2303"):
        place(net, chip_with(synapse_bits_per_core=36 * 64 - 1))
    assert place(net, chip_with(synapse_bits_per_core=36 * 64)).cores


def test_finer_cuts_pay_where_the_slowest_core_takes_longer_than_the_barrier():
    net = program([np.full((512, 2000), 2)])
    placement = place(net, load_chip("loihi2"))
    coarse = -(-512 * 2000 * 8 // load_chip("loihi2").limits.synapse_bits_per_core.value)
    assert len(placement.cores) > 2 * coarse
    silent = place(net, load_chip("loihi2"), rates={"in": 0.0, "p0": 0.0})
    assert len(silent.cores) < len(placement.cores)
    assert any("Spike rate" in text for text in placement.assumptions)
    assert not any("Spike rate" in text for text in silent.assumptions)


def test_what_does_not_fit_one_chip_goes_on_to_the_next():
    net = program([np.full((40, 10), 2), np.full((40, 40), 2)])
    chip = chip_with(neurons_per_core=5, cores=6)
    placement = place(net, chip)
    assert placement.chips == 3
    assert {c.core for c in placement.cores if c.chip == 0} == set(range(6))
    assert placement.quality.crossings > 0
    check(net, placement, chip)
    with pytest.raises(NegativeAnswerError, match=r"needs 16 cores, 2 chips have 12, 34 % too many; p0 takes 8"):
        place(net, chip, chips=2)


def test_a_placement_reads_back_from_json():
    placement = place(program([np.full((20, 10), 2)]), chip_with(neurons_per_core=7))
    assert Placement.from_json(json.loads(json.dumps(placement.to_json())), "x") == placement
    with pytest.raises(UsageError, match=r"x: is no placement: cores\.0\.chip"):
        Placement.from_json(placement.to_json() | {"cores": [{"first": 0}]}, "x")


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"rates": {"q": 0.1}}, "'q'"), ({"rates": {"in": -0.1}}, "-0.1"), ({"chips": 0}, "0 chips")],
)
def test_wrong_options_are_refused(options, reason):
    with pytest.raises(UsageError, match=reason):
        place(program([np.full((2, 3), 2)]), LOIHI1, **options)


def test_a_shared_kernel_takes_far_less_memory_than_its_synapses():
    rng = np.random.default_rng(0)
    net = image_layer((16, 16, 16), random_weights(rng, (4, 16, 3, 3), 1.0), Convolution(padding=(1, 1)))
    core = Needs(net, LOIHI1.memory).of(Slice("p", (4, 16, 16), (0, 4), (0, 16), (0, 16)))
    synapses = expand(net, net.projections["w"]).weights.size
    # Each source channel has nine lists of entries of 18 bits: inside 36, at four edges 24, in four corners 16.
    assert core.synapse_bits == 16 * 64 * (11 + 4 * 7 + 4 * 5)
    assert synapses * 8 > LOIHI1.limits.synapse_bits_per_core.value > core.synapse_bits
    assert core.in_axons == 16 * 16


def test_loihi_2_holds_every_model_and_loihi_1_those_of_fixed_function():
    held = {name: {m for entry in load_chip(name).neuron_models for m in entry.names} for name in ("loihi1", "loihi2")}
    assert held["loihi2"] == set(MODELS)
    assert held["loihi1"] == {"lif", "lif_reset", "lif_refractory"}
    net = program([np.full((2, 3), 2)], model="sigma_delta")
    assert place(net, load_chip("loihi2")).cores
    with pytest.raises(NegativeAnswerError, match="neuron model 'sigma_delta' is not one of loihi1's"):
        place(net, LOIHI1)


def test_a_bias_axon_is_an_ordinary_population():
    net = program([np.full((4, 3), 2)])
    net = ChipProgram(
        net.dt,
        net.inputs,
        {"bias": population("bias", 1), **net.populations},
        {**net.projections, "b": Projection("b", "bias", "p0", np.full((4, 1), 2))},
        net.outputs,
    )
    (core,) = place(net, LOIHI1).cores
    assert core.populations == ("bias", "p0")
    assert (core.in_axons, core.out_axons) == (4, 1)


def test_a_core_holds_neurons_of_one_model():
    net = program([np.full((2, 3), 2), np.full((2, 2), 2)])
    populations = dict(net.populations)
    assert len(place(net, LOIHI1).cores) == 1
    populations["p1"] = population("p1", 2, 2, "lif_reset")
    mixed = place(ChipProgram(net.dt, net.inputs, populations, net.projections, ()), LOIHI1)
    assert [core.populations for core in mixed.cores] == [("p0",), ("p1",)]
    assert any("one model" in text for text in mixed.assumptions)


@pytest.mark.parametrize(
    ("net", "limits", "rule", "node"),
    [
        (program([np.full((2, 3), 2)], weight_bits=9), {}, "NT-PLACE-001", "w0"),
        (program([np.full((2, 3), 2)], message_bits=16), {}, "NT-PLACE-002", "in"),
        (program([np.full((2, 3), 2)], model="izhikevich"), {}, "NT-PLACE-003", "p0"),
        (program([np.full((2, 100), 2)]), {"synapse_bits_per_core": 640}, "NT-PLACE-004", "p0"),
        (program([np.full((2, 100), 2)]), {"in_axons_per_core": 99}, "NT-PLACE-005", "p0"),
        (
            program([np.full((1, 2), 2), np.full((9, 1), 2)]),
            {"neurons_per_core": 1, "out_axons_per_core": 8},
            "NT-PLACE-006",
            "p0",
        ),
        (program([np.full((9, 2), 2)]), {"neurons_per_core": 2, "cores": 2, "chips": 2}, "NT-PLACE-007", ""),
        (program([np.full((2, 3), 2)], delay=63), {}, "NT-PLACE-008", "w0"),
    ],
)
def test_each_limit_refuses_with_found_limit_and_fix(net, limits, rule, node):
    with pytest.raises(NegativeAnswerError) as refusal:
        place(net, chip_with(**limits))
    (finding,) = [d for d in refusal.value.diagnostics if d.rule == rule]
    assert finding.node == node
    assert finding.found and finding.limit and finding.fix
    assert refusal.value.hint


def test_all_binding_limits_are_named_at_once():
    net = program([np.full((6, 100), 2)], message_bits=8, model="izhikevich")
    with pytest.raises(NegativeAnswerError) as refusal:
        place(net, chip_with(in_axons_per_core=10, synapse_bits_per_core=128))
    assert {d.rule for d in refusal.value.diagnostics} == {
        "NT-PLACE-002",
        "NT-PLACE-003",
        "NT-PLACE-004",
        "NT-PLACE-005",
    }


def test_a_rule_is_the_docstring_of_its_check():
    assert {rule for rule in RULES if rule.startswith("NT-PLACE-")} == set(CHECKS)
    for rule, check in CHECKS.items():
        assert check.__doc__ == RULES[rule].title
