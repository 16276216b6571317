"""Placement: nothing is lost or doubled, limits hold, and what does not fit says why."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip
from neurotool.chips.needs import Needs
from neurotool.errors import NegativeAnswerError
from neurotool.ir.connectivity import convolved
from neurotool.ir.program import ChipProgram, Convolution, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.neurons import MODELS
from neurotool.passes.place import CHECKS, place
from neurotool.rules import RULES
from neurotool.synapses.expand import expand

LOIHI1 = load_chip("loihi1")


def chip_with(**limits):
    changed = {name: getattr(LOIHI1.limits, name).model_copy(update={"value": v}) for name, v in limits.items()}
    return LOIHI1.model_copy(update={"limits": LOIHI1.limits.model_copy(update=changed)})


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


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    density=st.floats(0, 1),
    neurons=st.integers(1, 17),
    seed=st.integers(0, 2**32 - 1),
    loop=st.booleans(),
)
def test_no_neuron_or_synapse_is_lost_or_doubled(sizes, density, neurons, seed, loop):
    rng = np.random.default_rng(seed)
    weights = [random_weights(rng, (after, before), density) for before, after in pairwise(sizes)]
    recurrent = random_weights(rng, (sizes[1], sizes[1]), density) if loop else None
    net = program(weights, recurrent=recurrent)
    chip = chip_with(
        neurons_per_core=neurons, cores=1000, synapse_bits_per_core=8192, in_axons_per_core=90, out_axons_per_core=90
    )
    placement = place(net, chip)
    assert [core.core for core in placement.cores] == list(range(len(placement.cores)))
    for name, pop in net.populations.items():
        owned = [i for core in placement.cores_of(name) for i in range(core.first, core.last)]
        assert owned == list(range(pop.size))
    held = 0
    for core in placement.cores:
        heard, synapses = set(), 0
        for p in net.projections_into(core.population):
            own = p.weights[core.first : core.last]
            synapses += int(np.count_nonzero(own))
            heard |= {(p.source, j) for j in range(own.shape[1]) if own[:, j].any()}
        sent = {
            (i, other.core)
            for p in net.projections.values()
            if p.source == core.population
            for other in placement.cores_of(p.target)
            for i in range(core.first, core.last)
            if p.weights[other.first : other.last, i].any()
        }
        held += synapses
        assert core.in_axons == len(heard) <= 90
        assert core.out_axons == len(sent) <= 90
        assert synapses * 8 <= core.synapse_bits <= 8192
        assert core.last - core.first <= neurons
    assert held == sum(int(np.count_nonzero(p.weights)) for p in net.projections.values())


def test_cores_are_filled_as_far_as_a_limit_allows():
    # A source's list of n dense 8-bit weights takes ceil((8 n + 10) / 64) words: 1 word up to 6 neurons, 2 up to 14.
    net = program([np.full((20, 10), 2)])
    placement = place(net, chip_with(synapse_bits_per_core=10 * 64))
    assert [(c.first, c.last) for c in placement.cores] == [(0, 6), (6, 12), (12, 18), (18, 20)]
    assert {c.synapse_bits for c in placement.cores} == {640}
    used = {r.name: (r.used, r.limit) for r in placement.resources}
    assert used["cores"] == (4, 128)
    assert used["synaptic memory per core"] == (640, 640)
    assert used["neurons per core"] == (6, 1024)


def test_output_axons_spread_the_senders():
    # Two target cores: every neuron of p0 needs two output axons, so ten axons hold five neurons.
    net = program([np.full((12, 3), 2), np.full((4, 12), 2)])
    placement = place(net, chip_with(out_axons_per_core=10, in_axons_per_core=12, synapse_bits_per_core=12 * 64))
    assert all(core.out_axons <= 10 for core in placement.cores)
    split = place(net, chip_with(out_axons_per_core=10, neurons_per_core=2, cores=1000))
    assert max(core.out_axons for core in split.cores_of("p0")) == 4


@settings(max_examples=30, deadline=None)
@given(
    channels=st.integers(1, 4),
    side=st.integers(3, 6),
    stride=st.integers(1, 2),
    neurons=st.integers(1, 40),
    bits=st.sampled_from([2304, 4096, 9000]),
    axons=st.integers(9, 30),
    seed=st.integers(0, 99),
)
def test_convolutions_fill_cores_as_far_as_the_limits_allow(channels, side, stride, neurons, bits, axons, seed):
    weights = random_weights(np.random.default_rng(seed), (3, channels, 3, 3), 0.8)
    form = Convolution((stride, stride), (1, 1))
    net = image_layer((channels, side, side), weights, form)
    chip = chip_with(
        neurons_per_core=neurons, cores=1000, synapse_bits_per_core=bits, in_axons_per_core=axons, out_axons_per_core=1
    )
    placement, found = place(net, chip), expand(net, net.projections["w"])
    owned = [i for core in placement.cores for i in range(core.first, core.last)]
    assert owned == list(range(net.size_of("p")))
    needs = Needs(net, chip.memory)
    for core in placement.cores:
        inside = (found.targets >= core.first) & (found.targets < core.last)
        assert core.in_axons == len({int(s) % side**2 for s in found.sources[inside]}) <= axons
        assert core.synapse_bits <= bits
        if core.last < net.size_of("p"):
            more = needs.of("p", core.first, core.last + 1)
            assert more.last - more.first > neurons or more.synapse_bits > bits or more.in_axons > axons


def test_a_shared_kernel_takes_far_less_memory_than_its_synapses():
    rng = np.random.default_rng(0)
    net = image_layer((16, 16, 16), random_weights(rng, (4, 16, 3, 3), 1.0), Convolution(padding=(1, 1)))
    (core,) = place(net, LOIHI1).cores
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
    placement = place(net, LOIHI1)
    assert [c.population for c in placement.cores] == ["bias", "p0"]
    assert placement.cores_of("p0")[0].in_axons == 4
    assert placement.cores_of("bias")[0].out_axons == 1


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
        (program([np.full((9, 2), 2)]), {"neurons_per_core": 2, "cores": 4}, "NT-PLACE-007", ""),
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
        place(net, chip_with(in_axons_per_core=10, cores=2))
    assert {d.rule for d in refusal.value.diagnostics} == {
        "NT-PLACE-002",
        "NT-PLACE-003",
        "NT-PLACE-005",
        "NT-PLACE-007",
    }


def test_a_rule_is_the_docstring_of_its_check():
    assert {rule for rule in RULES if rule.startswith("NT-PLACE-")} == set(CHECKS)
    for rule, check in CHECKS.items():
        assert check.__doc__ == RULES[rule].title
