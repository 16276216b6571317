"""The fast path gives the integers of the reference, for whatever program, arithmetic, chunk and number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection, SignMode
from neurotool.targets.loihi import layers, products, workers
from neurotool.targets.loihi.engine import Recording, simulate
from neurotool.targets.loihi.fast import simulate_fast

RANGES = {"du": (0, 4095), "dv": (0, 4095), "vth": (0, 131071), "bias_mant": (-4096, 4095), "bias_exp": (0, 7)}
CALM = {"bias_mant": (-8, 8), "bias_exp": (0, 2)}
SIZES = st.sampled_from([1, 2, 5, 30])
many = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def parameters(rng: np.random.Generator, size: int, ranges: dict[str, tuple[int, int]]) -> dict[str, np.ndarray]:
    """Parameters over their full ranges: a quarter of them at either end, most thresholds within reach."""
    found = {}
    for name, (low, high) in ranges.items():
        inside = rng.integers(low, high + 1, size)
        if name == "vth":
            inside >>= rng.integers(0, 18, size)
        kind = rng.random(size)
        found[name] = np.where(kind < 0.12, low, np.where(kind < 0.25, high, inside)).astype(np.int64)
    return found


def matrix(rng: np.random.Generator, targets: int, sources: int) -> np.ndarray:
    """Weights anywhere in -256..255, small or sparse in some matrices."""
    weights = rng.integers(-256, 256, (targets, sources))
    if rng.random() < 0.3:
        weights[rng.random(weights.shape) < 0.8] = 0
    return weights >> rng.integers(0, 7)


def messages(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> np.ndarray:
    """Spikes or payloads at some rate: payloads of a few bits, of 32 bits, or of any number that an int64 holds."""
    active = rng.random(shape) < rng.choice([0.0, 0.03, 0.3, 1.0])
    if not bits:
        return active if rng.random() < 0.7 else (active * rng.integers(1, 4, shape)).astype(np.uint8)
    width = int(rng.choice([2, 12, 31, 47, 62]))
    return rng.integers(-(1 << width), 1 << width, shape) * active


@st.composite
def cases(draw: st.DrawFn, *, calm: bool = False) -> tuple[ChipProgram, dict[str, np.ndarray]]:
    """A program with any projections, loops among them, and its inputs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ranges = RANGES | CALM if calm else RANGES
    graded = st.just(0) if calm else st.sampled_from([0, 8])
    ports = [InputPort(f"x{i}", (draw(SIZES),), draw(graded)) for i in range(draw(st.integers(1, 2)))]
    populations = []
    for i in range(draw(st.integers(1, 4))):
        size = draw(SIZES)
        start = draw(st.integers(0, 4))
        populations.append(Population(f"p{i}", "lif", (size,), parameters(rng, size, ranges), start, scale=3.0))
    projections = []
    for i in range(draw(st.integers(1, 6))):
        source, target = draw(st.sampled_from([*ports, *populations])), draw(st.sampled_from(populations))
        width = int(np.prod(source.shape))
        projections.append(
            Projection(
                f"w{i}",
                source.name,
                target.name,
                matrix(rng, target.size, width),
                weight_exp=draw(st.integers(-8, 2 if calm else 7)),
                weight_bits=draw(st.integers(1, 8)),
                sign_mode=draw(st.sampled_from(SignMode)),
                message_bits=source.message_bits if isinstance(source, InputPort) else draw(graded),
            )
        )
    outputs = (OutputPort(populations[-1].name, OutputKind.MEMBRANE),)
    steps, batch = draw(st.integers(1, 12)), draw(st.integers(1, 5))
    program = ChipProgram(
        1e-3,
        {p.name: p for p in ports},
        {p.name: p for p in populations},
        {p.name: p for p in projections},
        outputs,
    )
    return program, {p.name: messages(rng, (steps, batch, *p.shape), p.message_bits) for p in ports}


@st.composite
def ways(draw: st.DrawFn) -> dict[str, object]:
    """Choices that must not matter: where events beat products, threads, and whether the neuron is compiled."""
    return {
        "crossover": draw(st.sampled_from([-1.0, 0.2, 2.0])),
        "worth": draw(st.sampled_from([1, 1 << 15])),
        "scans": draw(st.sampled_from([layers.SCANS, layers.SCANS, {}])),
        "chunk": draw(st.one_of(st.none(), st.integers(1, 16))),
    }


def fast(program, inputs, options, way) -> tuple[Recording, dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "SPIKE_CROSSOVER", way["crossover"])
        patch.setattr(products, "MESSAGE_CROSSOVER", way["crossover"])
        patch.setattr(products, "BLOCK_BYTES", 256)
        patch.setattr(workers, "WORTH_A_THREAD", way["worth"])
        patch.setattr(layers, "SCANS", way["scans"])
        patch.setattr("neurotool.targets.loihi.fast.SCANS", way["scans"])
        return simulate_fast(program, inputs, options, chunk=way["chunk"])


def assert_equal(found: Recording, expected: Recording) -> None:
    assert found.states.keys() == expected.states.keys()
    for name, spikes in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes, err_msg=name)
        assert found.states[name].keys() == expected.states[name].keys()
        for variable, values in expected.states[name].items():
            np.testing.assert_array_equal(found.states[name][variable], values, err_msg=f"{name} {variable}")


@many
@given(cases(), ways(), st.sampled_from([(), ("u",), ("v",), ("u", "v")]))
def test_every_spike_and_state_is_that_of_the_reference(case, way, probes):
    program, inputs = case
    options = RunOptions(probes=probes)
    with np.errstate(over="ignore"):
        expected = simulate(program, inputs, options)
    found, _ = fast(program, inputs, options, way)
    assert_equal(found, expected)


@many
@given(st.one_of(cases(), cases(calm=True)), ways())
def test_strict_mode_refuses_what_the_reference_refuses_and_nothing_else(case, way):
    program, inputs = case
    options = RunOptions(probes=("u", "v"), strict=True)
    try:
        expected = simulate(program, inputs, options)
    except NegativeAnswerError as error:
        with pytest.raises(NegativeAnswerError) as caught:
            fast(program, inputs, options, way)
        assert (caught.value.message, caught.value.hint) == (error.message, error.hint)
    else:
        assert_equal(fast(program, inputs, options, way)[0], expected)


def layered(sizes: list[int], seed: int, *, loop: bool) -> ChipProgram:
    """Dense layers of LIF neurons; ``loop`` adds a projection from the last to the first."""
    rng = np.random.default_rng(seed)
    populations = {}
    projections = {}
    source, width = "x", sizes[0]
    for i, size in enumerate(sizes[1:]):
        values = {"du": 1024, "dv": 512, "vth": 40 * int(np.sqrt(width)), "bias_mant": 3, "bias_exp": 1}
        own = {k: np.full(size, v, np.int64) for k, v in values.items()}
        populations[f"p{i}"] = Population(f"p{i}", "lif", (size,), own, i + 1, scale=64.0)
        projections[f"w{i}"] = Projection(f"w{i}", source, f"p{i}", rng.integers(-128, 160, (size, width)))
        source, width = f"p{i}", size
    if loop:
        projections["back"] = Projection("back", source, "p0", rng.integers(-128, 128, (sizes[1], width)))
    return ChipProgram(1e-3, {"x": InputPort("x", (sizes[0],))}, populations, projections, ())


@pytest.mark.parametrize("rate", [0.1, 0.9])
@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("batch", [1, 3])
def test_layers_wider_than_a_block_of_neurons_and_more_events_than_16_bits_can_add(rate, loop, batch):
    program = layered([700, 600, 300], seed=1, loop=loop)
    inputs = {"x": np.random.default_rng(2).random((40, batch, 700)) < rate}
    options = RunOptions(probes=("u", "v"))
    expected = simulate(program, inputs, options)
    assert expected.spikes["p1"].any()
    found, _ = simulate_fast(program, inputs, options)
    assert_equal(found, expected)


def test_the_smallest_and_largest_weights_of_many_sources_add_without_overflow():
    for value in (-256, 255):
        weights = np.full((3, 2000), value)
        own = {"du": 4095, "dv": 4095, "vth": 131071, "bias_mant": 0, "bias_exp": 0}
        population = Population("p", "lif", (3,), {k: np.full(3, v, np.int64) for k, v in own.items()}, 1, 1.0)
        projection = Projection("w", "x", "p", weights, sign_mode=SignMode.MIXED)
        program = ChipProgram(1e-3, {"x": InputPort("x", (2000,))}, {"p": population}, {"w": projection}, ())
        options = RunOptions(probes=("u",))
        inputs = {"x": np.ones((2, 1, 2000), bool)}
        expected = simulate(program, inputs, options)
        for crossover in (-1.0, 2.0):
            way = {"crossover": crossover, "worth": 1, "scans": layers.SCANS, "chunk": None}
            assert_equal(fast(program, inputs, options, way)[0], expected)


@pytest.mark.parametrize(
    ("bound", "rate", "graded", "expected"),
    [
        ((1 << 24) - 1, 0.9, False, products.Arithmetic.FLOAT32),
        (1 << 24, 0.9, False, products.Arithmetic.FLOAT64),
        (1 << 24, 0.01, False, products.Arithmetic.EVENTS),
        (1 << 31, 0.01, False, products.Arithmetic.FLOAT64),
        ((1 << 53) - 1, 0.9, True, products.Arithmetic.FLOAT64),
        (1 << 53, 0.9, True, products.Arithmetic.EVENTS),
        (1 << 31, 0.01, True, products.Arithmetic.EVENTS),
    ],
)
def test_floats_are_used_only_where_they_hold_every_sum(bound, rate, graded, expected):
    assert products.choose(bound, rate, graded=graded) is expected
