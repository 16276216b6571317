"""Counts: a network worked out by hand, and a count neuron by neuron for random ones."""

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip
from neurotool.energy import count
from neurotool.errors import UsageError
from neurotool.ir.placement import CoreUse, Slice
from neurotool.ir.program import (
    AllToAll,
    ChipProgram,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    Sparse,
)
from neurotool.ir.trace import Trace
from neurotool.passes.place import place
from neurotool.synapses.expand import expand

CHIP = load_chip("loihi1")


def chip_with_small_cores(neurons):
    limit = CHIP.limits.neurons_per_core.model_copy(update={"value": neurons})
    return CHIP.model_copy(update={"limits": CHIP.limits.model_copy(update={"neurons_per_core": limit})})


def trace_of(spikes, latency):
    steps = next(iter(spikes.values())).shape[0]
    return Trace("loihi", 1e-3, steps, spikes, {}, {}, latency, 0.0)


def by_hand():
    """Three inputs, two neurons, two steps; input 1 has no synapse."""
    weights = np.array([[2, 0, 4], [6, 0, 0]])
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", (3,))},
        {"p": Population("p", "lif", (2,), {"bias_mant": np.zeros(2, np.int64)}, 1, 1.0)},
        {"w": Projection("w", "in", "p", weights)},
        (OutputPort("p", OutputKind.SPIKES),),
    )
    spikes = {
        "in": np.array([[[1, 1, 0]], [[0, 0, 1]]], np.bool_),
        "p": np.array([[[0, 0]], [[1, 0]]], np.bool_),
    }
    return program, trace_of(spikes, {"p": 1})


def test_counts_by_hand():
    program, trace = by_hand()
    counts = count(program, place(program, CHIP), trace, CHIP)
    assert (counts.steps, counts.samples, counts.cores, counts.busiest_updates) == (3, 1, 1, 2)
    # Step 0: inputs 0 (two synapses) and 1 (none). Step 1: input 2 (one synapse); both neurons hear step 0.
    # Step 2: neuron 0 hears input 2 and fires; neuron 1 holds what it heard.
    assert counts.synops["w"].dense.tolist() == [2, 1, 0]
    assert counts.synops["w"].sparse.tolist() == [0, 0, 0]
    assert counts.sent["in"].spikes.tolist() == [2, 1, 0]
    assert counts.sent["in"].messages.tolist() == [1, 1, 0]
    assert counts.sent["p"].spikes.tolist() == [0, 0, 1]
    assert counts.sent["p"].messages.tolist() == [0, 0, 0]
    updates = counts.updates["p"]
    assert updates.driven.tolist() == [0, 2, 1]
    assert updates.holding.tolist() == [0, 0, 1]
    assert updates.resting.tolist() == [2, 0, 0]
    assert counts.busiest_synops.tolist() == [[2], [1], [0]]


def test_counts_are_means_over_samples():
    program, trace = by_hand()
    silent = {name: np.concatenate([r, np.zeros_like(r)], axis=1) for name, r in trace.spikes.items()}
    counts = count(program, place(program, CHIP), trace_of(silent, {"p": 1}), CHIP)
    assert counts.samples == 2
    assert counts.synops["w"].dense.tolist() == [1, 0.5, 0]
    assert counts.updates["p"].resting.tolist() == [2, 1, 1]
    assert counts.busiest_synops.tolist() == [[2, 0], [1, 0], [0, 0]]


def test_a_biased_neuron_is_active_from_its_start():
    program, trace = by_hand()
    program.populations["p"].parameters["bias_mant"][1] = 3
    silent = trace_of({name: np.zeros_like(r) for name, r in trace.spikes.items()}, {"p": 1})
    updates = count(program, place(program, CHIP), silent, CHIP).updates["p"]
    assert updates.holding.tolist() == [0, 1, 1]
    assert updates.resting.tolist() == [2, 1, 1]


def random_network(rng, sizes, density):
    """A chain of matrices and lists with delays, with a loop on the first population and one over all."""
    inputs = {"in": InputPort("in", (sizes[0],), message_bits=0)}
    populations, projections, source, before = {}, {}, "in", sizes[0]

    def joined(name, source, target, shape):
        weights = np.where(rng.random(shape) < density, 2, 0)
        form, delays = AllToAll(), rng.integers(0, 4, shape)
        if rng.random() < 0.5:
            targets, sources = (rng.integers(0, n, weights.size) for n in shape)
            form, weights, delays = Sparse(targets, sources), weights.ravel(), delays.ravel()
        projections[name] = Projection(name, source, target, weights, connectivity=form)
        if rng.random() < 0.5:
            projections[name] = replace(projections[name], delays=delays)

    for i, size in enumerate(sizes[1:]):
        name = f"p{i}"
        bias = rng.integers(0, 2, size)
        populations[name] = Population(name, "lif", (size,), {"bias_mant": bias}, i + 1, 1.0)
        joined(f"w{i}", source, name, (size, before))
        source, before = name, size
    joined("loop", "p0", "p0", (sizes[1], sizes[1]))
    joined("back", source, "p0", (sizes[1], before))
    return ChipProgram(1e-3, inputs, populations, projections, (OutputPort(source, OutputKind.SPIKES),))


def owns(held, population, neuron):
    return held.population == population and neuron in held.neurons


def synapses_of(program, placement, source, neuron):
    """Every synapse that a spike meets: projection, target population, target neuron, core, delay."""
    for p in program.projections.values():
        if p.source == source:
            found = expand(program, p)
            for i, delay in zip(
                found.targets[found.sources == neuron], found.delays[found.sources == neuron], strict=True
            ):
                (core,) = [c.core for c in placement.cores if any(owns(held, p.target, i) for held in c.slices)]
                yield p.name, p.target, int(i), core, int(delay)


def brute_force(program, placement, spikes, steps, samples):
    """Walk every step, sample, source neuron and synapse."""
    start = {"in": 0} | {name: p.start for name, p in program.populations.items()}
    neurons = [(p, i) for p in program.populations.values() for i in range(p.size)]
    tally = Counter()
    busiest = np.zeros((steps + program.depth, samples))
    for b in range(samples):
        coming, ever = defaultdict(set), set()
        for now in range(steps + program.depth):
            fired = {
                (source, int(j))
                for source, raster in spikes.items()
                if 0 <= now - start[source] < steps
                for j in np.flatnonzero(raster[now - start[source], b])
            }
            load, heard = Counter(), coming[now]
            for source, j in fired:
                met = list(synapses_of(program, placement, source, j))
                tally.update(name for name, *_ in met)
                tally["messages", source] += len({core for *_, core, _ in met})
                load.update(core for *_, core, _ in met)
                for _, target, i, _, delay in met:
                    coming[now + 1 + delay].add((target, i))
            busiest[now, b] = max(load.values(), default=0)
            for p, i in neurons:
                moved = (p.name, i) in heard | fired
                if moved or (now >= p.start and p.parameters["bias_mant"][i]):
                    ever.add((p.name, i))
                tally["driven", p.name] += moved
                tally["resting", p.name] += (p.name, i) not in ever
    return tally, busiest


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=4),
    density=st.floats(0, 1),
    rate=st.floats(0, 1),
    neurons=st.integers(1, 5),
    steps=st.integers(1, 4),
    samples=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_counts_equal_a_count_neuron_by_neuron(sizes, density, rate, neurons, steps, samples, seed):
    rng = np.random.default_rng(seed)
    program = random_network(rng, sizes, density)
    widths = {"in": sizes[0]} | {name: p.size for name, p in program.populations.items()}
    spikes = {name: rng.random((steps, samples, width)) < rate for name, width in widths.items()}
    chip = chip_with_small_cores(neurons)
    placement = place(program, chip)
    counts = count(program, placement, trace_of(spikes, {}), chip)
    tally, busiest = brute_force(program, placement, spikes, steps, samples)

    for name, found in counts.synops.items():
        assert (found.dense + found.sparse).sum() * samples == pytest.approx(tally[name])
    for name, raster in spikes.items():
        assert counts.sent[name].spikes.sum() * samples == pytest.approx(np.count_nonzero(raster))
        assert counts.sent[name].messages.sum() * samples == pytest.approx(tally["messages", name])
    for name, population in program.populations.items():
        updates = counts.updates[name]
        assert updates.driven.sum() * samples == pytest.approx(tally["driven", name])
        assert updates.resting.sum() * samples == pytest.approx(tally["resting", name])
        assert (updates.active + updates.inactive).tolist() == pytest.approx([population.size] * counts.steps)
    assert counts.busiest_synops.tolist() == busiest.tolist()


def three_cores(*where):
    """Populations a and b, each neuron on a core of its own, and c; a of one neuron sends to all others."""
    populations = {
        name: Population(name, "lif", (1,), {}, start, 1.0) for name, start in (("a", 1), ("b", 2), ("c", 2))
    }
    weights = np.full((1, 1), 2)
    joined = {"in-a": ("in", "a"), "a-b": ("a", "b"), "a-c": ("a", "c")}
    projections = {name: Projection(name, *ends, weights) for name, ends in joined.items()}
    program = ChipProgram(1e-3, {"in": InputPort("in", (1,))}, populations, projections, ())
    cores = tuple(
        CoreUse(chip, core, (Slice.flat(name, 1, 0, 1),), 0, 0, 0, 0.0)
        for name, (chip, core) in zip(populations, where, strict=True)
    )
    spikes = {name: np.zeros((1, 1, 1), np.bool_) for name in ("in", *populations)}
    spikes["a"][0, 0, 0] = True
    placed = replace(place(program, CHIP), cores=cores)
    return count(program, placed, trace_of(spikes, {}), CHIP)


def test_hops_of_a_message_between_tiles():
    sent = three_cores((0, 0), (0, 36), (0, 1)).sent["a"]
    # From core 0 on tile 0 to core 36 on tile 9, which the serpentine puts below tile 6; core 1 is on tile 0 too.
    assert sent.messages.tolist() == [0, 2, 0]
    assert sent.hops_east_west.tolist() == [0, 6, 0]
    assert sent.hops_north_south.tolist() == [0, 1, 0]
    assert sent.crossings.tolist() == [0, 0, 0]


def test_a_step_from_chip_to_chip_is_a_crossing():
    counts = three_cores((0, 28), (1, 0), (2, 4))
    # Tile 7 of chip 0 borders on tile 0 of chip 1; from there to tile 1 of chip 2 there are 7 + 1 tiles and a border.
    assert counts.chips == 3
    assert counts.sent["a"].crossings.tolist() == [0, 1 + 2, 0]
    assert counts.sent["a"].hops_east_west.tolist() == [0, 0 + 8, 0]
    assert counts.sent["in"].crossings.tolist() == [0, 0, 0]


@pytest.mark.parametrize("damage", ["missing", "narrow", "empty"])
def test_a_foreign_trace_is_refused(damage):
    program, trace = by_hand()
    spikes = dict(trace.spikes)
    if damage == "missing":
        del spikes["p"]
    elif damage == "narrow":
        spikes["p"] = spikes["p"][..., :1]
    else:
        spikes = {name: raster[:, :0] for name, raster in spikes.items()}
    with pytest.raises(UsageError, match="does not fit the program"):
        count(program, place(program, CHIP), trace_of(spikes, {}), CHIP)
