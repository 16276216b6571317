"""Connectivities, delays, loops and skips give the same integers on the real Lava and in the readable steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from lava_programs import assert_equal, population, program

from neurotool.ir.adapters import RunOptions
from neurotool.ir.connectivity import convolved
from neurotool.ir.program import (
    AllToAll,
    ChipProgram,
    Connectivity,
    Convolution,
    InputPort,
    Population,
    Projection,
    SignMode,
    Sparse,
)
from neurotool.plugins import load

STEPS, BATCH = 12, 3

AWAKE = {"vth": (1, 60), "bias_mant": (30, 60), "bias_exp": (2, 4), "du": (500, 4095), "dv": (0, 900)}
"""Ranges of neurons that fire by themselves, many of them in their first step."""


def run_both(made: ChipProgram, x: dict[str, np.ndarray]) -> None:
    options = RunOptions(probes=("u", "v"))
    lava = load("neurotool.targets", "lava").run_program(made, x, options)
    engine = load("neurotool.targets", "loihi-reference").run_program(made, x, options)
    assert_equal(lava, engine)
    for name in made.populations:
        fired = engine.spikes[name]
        assert fired.any(), f"{name} shows nothing"
        assert not fired.all(), f"{name} shows nothing"


def spikes(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.random((STEPS, BATCH, *shape)) < 0.3


def payloads(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-100, 100, (STEPS, BATCH, *shape)) * spikes(rng, *shape)


def lif(rng: np.random.Generator, name: str, size: int | tuple[int, ...], start: int = 1) -> Population:
    ranges = {"vth": (5, 500), "bias_mant": (-40, 60), "bias_exp": (0, 3), "du": (500, 4095), "dv": (0, 2000)}
    return population(rng, "lif", size, start, name, **ranges)


def listed(rng: np.random.Generator, size: int, targets: int, sources: int) -> Sparse:
    """Synapses between random pairs, a third of them twice and a few three times."""
    pairs = rng.integers(0, [targets, sources], (size, 2))
    pairs = np.concatenate((pairs, pairs[: size // 3], pairs[: size // 9]))
    rng.shuffle(pairs)
    return Sparse(pairs[:, 0].copy(), pairs[:, 1].copy())


def apart(
    rng: np.random.Generator, connectivities: Sequence[tuple[Connectivity, bool, SignMode]], exponents: Sequence[int]
) -> ChipProgram:
    """For each connectivity, without and with delays, populations of their own that hear spikes and payloads."""
    inputs = [InputPort("x", (20,)), InputPort("graded", (20,), message_bits=8)]
    populations, projections = [], []
    for i, (connectivity, delayed, mode) in enumerate(connectivities):
        for port, exponent in zip(inputs, exponents, strict=True):
            target = population(rng, "lif", 30, 1, f"{port.name}>{i}", **AWAKE)
            shape = len(connectivity.targets) if isinstance(connectivity, Sparse) else (30, 20)
            projection = Projection(
                f"p{i}.{port.name}",
                port.name,
                target.name,
                rng.integers(-256, 256, shape),
                weight_exp=exponent,
                weight_bits=7,
                sign_mode=mode,
                message_bits=port.message_bits,
                connectivity=connectivity,
                delays=rng.choice([0, 1, 2, 5, 63], shape) if delayed else None,
            )
            populations.append(target)
            projections.append(projection)
    return program(inputs, populations, projections)


@pytest.mark.lava
def test_listed_synapses_and_delays():
    rng = np.random.default_rng(3)
    kinds: list[tuple[Connectivity, bool, SignMode]] = [
        (listed(rng, 180, 30, 20), False, SignMode.MIXED),
        (AllToAll(), True, SignMode.EXCITATORY),
        (listed(rng, 180, 30, 20), True, SignMode.MIXED),
        (Sparse(np.array([7, 7]), np.array([3, 3])), False, SignMode.INHIBITORY),
    ]
    run_both(apart(rng, kinds, (1, -3)), {"x": spikes(rng, 20), "graded": payloads(rng, 20)})


@pytest.mark.lava
def test_no_synapse_at_all():
    rng = np.random.default_rng(4)
    nothing = np.zeros(0, np.int64)
    target = population(rng, "lif", 9, **AWAKE)
    empty = Projection("empty", "x", "lif", nothing, connectivity=Sparse(nothing, nothing))
    run_both(program([InputPort("x", (4,))], [target], [empty]), {"x": spikes(rng, 4)})


CONVOLUTIONS = {
    "stride, padding": (Convolution(stride=(2, 1), padding=(1, 2)), (4, 2, 3, 2), (2, 7, 6)),
    "groups, dilation": (Convolution(dilation=(2, 1), groups=2), (6, 2, 2, 3), (4, 6, 5)),
    "one row": (Convolution(padding=(0, 1)), (3, 2, 1, 4), (2, 9)),
    "pooling": (Convolution(stride=(2, 2), groups=3), (3, 1, 2, 2), (3, 4, 6)),
}


@pytest.mark.lava
def test_convolutions():
    """Graded and binary input, weights beyond eight bits, another projection into the same neurons, and a reader."""
    rng = np.random.default_rng(5)
    inputs, populations, projections = [], [], []
    x: dict[str, np.ndarray] = {}
    for i, (name, (convolution, weights, source)) in enumerate(CONVOLUTIONS.items()):
        port = InputPort(name, source, message_bits=8 * (i % 2))
        channels, rows, columns = convolved(source, weights, convolution)
        target = lif(rng, f"to {name}", (channels, rows, columns) if len(source) == 3 else (channels, columns))
        inputs.append(port)
        populations.append(target)
        x[name] = (payloads if port.message_bits else spikes)(rng, *source)
        kernel = rng.integers(-700, 701, weights)
        options = {"message_bits": port.message_bits}
        projections.append(
            Projection(name + "*", name, target.name, kernel, weight_exp=3, connectivity=convolution, **options)
        )
        dense = rng.integers(-128, 128, (target.size, int(np.prod(source))))
        projections.append(Projection(name + "+", name, target.name, dense, weight_exp=-1, **options))
    after = lif(rng, "after", 5, start=2)
    projections += [
        Projection(f"{p.name}>after", p.name, "after", rng.integers(-128, 128, (5, p.size))) for p in populations
    ]
    run_both(program(inputs, [*populations, after], projections), x)


@pytest.mark.lava
def test_sums_of_convolutions_wrap():
    rng = np.random.default_rng(6)
    target = lif(rng, "n", (1, 3, 3))
    kernel = rng.integers(30000, 32768, (1, 1, 2, 2))
    port = InputPort("x", (1, 4, 4), message_bits=16)
    made = program([port], [target], [Projection("p", "x", "n", kernel, message_bits=16, connectivity=Convolution())])
    x = rng.integers(-(1 << 13), 1 << 13, (STEPS, BATCH, 1, 4, 4))
    run_both(made, {"x": x})


def loop(rng: np.random.Generator) -> ChipProgram:
    """A population that hears itself, and two that hear each other at unequal starts, all awake from the first step."""
    a = population(rng, "lif", 12, 1, "a", **AWAKE)
    b = population(rng, "lif", 9, 2, "b", **AWAKE)
    c = population(rng, "lif_refractory", 7, 2, "c", refractory_period=(0, 4), **AWAKE)

    def weights(target: Population, source: Population) -> np.ndarray:
        return rng.integers(-128, 100, (target.size, source.size))

    projections = [
        Projection("x>a", "x", "a", rng.integers(-128, 128, (12, 6))),
        Projection("a>a", "a", "a", weights(a, a)),
        Projection("a>b", "a", "b", weights(b, a)),
        Projection("b>a", "b", "a", weights(a, b)),
        Projection("a>c", "a", "c", weights(c, a)),
        Projection("c>c", "c", "c", weights(c, c), delays=rng.integers(0, 4, (7, 7))),
        Projection("c>a", "c", "a", weights(a, c), weight_exp=-1),
    ]
    return program([InputPort("x", (6,))], [a, b, c], projections)


@pytest.mark.lava
def test_loops_of_neurons_that_fire_from_the_first_step():
    rng = np.random.default_rng(7)
    run_both(loop(rng), {"x": spikes(rng, 6)})


@pytest.mark.lava
def test_skips_reach_the_row_that_they_were_sent_in_or_later():
    """x > late and a > late skip layers: lag 2 and 1. A delay balances the skip x > balanced, which has lag -1."""
    rng = np.random.default_rng(8)
    a, b = population(rng, "lif", 8, 1, "a", **AWAKE), population(rng, "lif", 8, 2, "b", **AWAKE)
    early, balanced = population(rng, "lif", 5, 1, "early", **AWAKE), lif(rng, "balanced", 6, start=3)

    def joined(source: str, target: str, delays: np.ndarray | None = None) -> Projection:
        sizes = {"x": 7, "a": 8, "b": 8, "early": 5, "balanced": 6}
        weights = rng.integers(-128, 128, (sizes[target], sizes[source]))
        return Projection(f"{source}>{target}", source, target, weights, delays=delays)

    projections = [
        joined("x", "a"),
        joined("a", "b"),
        joined("b", "early"),
        joined("a", "early"),
        joined("b", "balanced"),
        joined("x", "balanced", rng.integers(2, 6, (6, 7))),
        joined("early", "balanced", rng.integers(1, 3, (6, 5))),
    ]
    made = program([InputPort("x", (7,))], [a, b, early, balanced], projections)
    assert [made.lag(p) for p in projections] == [0, 0, 2, 1, 0, -2, -1]
    run_both(made, {"x": spikes(rng, 7)})


@pytest.mark.lava
def test_samples_of_one_step_that_delays_outlast():
    """A message on its way for longer than a sample belongs to that sample alone, and is lost with its end."""
    rng = np.random.default_rng(9)
    made = loop(rng)
    x = {"x": rng.random((1, 5, 6)) < 0.5}
    options = RunOptions(probes=("u", "v"))
    lava = load("neurotool.targets", "lava").run_program(made, x, options)
    assert_equal(lava, load("neurotool.targets", "loihi-reference").run_program(made, x, options))
    assert lava.facts["steps"] == str(4 * (1 + 4) + 1 + 2), "five samples, a pause of lag 1 and delay 3 after each"
