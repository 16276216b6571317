"""Random programs give the same integers on the real Lava and on the integer engine.

A Lava run costs half a second however small it is, so programs are few and wide: every neuron has parameters of its
own, and one run compares hundreds of parameter sets.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lava_programs import assert_equal

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import (
    ChipProgram,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    SignMode,
)
from neurotool.plugins import load

RANGES = {"du": (0, 4095), "dv": (0, 4095), "vth": (0, 131071), "bias_mant": (-4096, 4095), "bias_exp": (0, 7)}
STATES = RunOptions(probes=("u", "v"))

# No shrinking: what fails is found by its first difference, and a smaller program costs as much to run.
few_runs = settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def parameters(rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    """Parameters over their full ranges: a fifth at either end, the rest uniform; most thresholds within reach."""
    arrays = {}
    for name, (low, high) in RANGES.items():
        kind = rng.random(size)
        inside = rng.integers(low, high + 1, size)
        if name == "vth":
            inside = np.where(rng.random(size) < 0.7, inside >> 6, inside)
        arrays[name] = np.where(kind < 0.1, low, np.where(kind < 0.2, high, inside)).astype(np.int64)
    return arrays


def population(rng: np.random.Generator, name: str, size: int, start: int) -> Population:
    return Population(name, "lif", (size,), parameters(rng, size), start, scale=3.0, offset=0.5)


def projections(
    draw, rng: np.random.Generator, name: str, source: tuple[str, int], target: tuple[str, int], bits: int
) -> Iterator[Projection]:
    """One or two projections with weights anywhere in -256..255, whatever the sign mode says."""
    for i in range(draw(st.integers(1, 2))):
        weights = rng.integers(-256, 256, (target[1], source[1]))
        weights[rng.random(weights.shape) < draw(st.sampled_from([0.0, 0.5, 0.95]))] = 0
        mode = draw(st.sampled_from(SignMode))
        if draw(st.booleans()):  # let the signs keep to the mode
            weights = {SignMode.MIXED: weights, SignMode.EXCITATORY: abs(weights)}.get(mode, -abs(weights))
        yield Projection(
            f"{name}{i}",
            source[0],
            target[0],
            weights,
            weight_exp=draw(st.integers(-3, 7)),
            weight_bits=draw(st.integers(1, 8)),
            sign_mode=mode,
            message_bits=bits,
        )


@st.composite
def cases(draw) -> tuple[ChipProgram, dict[str, np.ndarray]]:
    """One to three layers of one or two populations, a bias axon into each layer, and input for a batch."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps, batch = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    bits = draw(st.sampled_from([0, 0, 8, 24]))
    inputs = {"x": InputPort("x", (draw(st.integers(1, 40)),), message_bits=bits)}
    populations: dict[str, Population] = {}
    found: list[Projection] = []
    sources = [("x", inputs["x"].shape[0], bits)]
    for layer in range(draw(st.integers(1, 3))):
        axon = Population(
            f"axon{layer}",
            "lif",
            (1,),
            {n: np.array([v]) for n, v in {"du": 4095, "dv": 0, "vth": 0, "bias_mant": 1, "bias_exp": 0}.items()},
            layer,
            scale=0.0,
        )
        populations[axon.name] = axon
        made = [
            population(rng, f"layer{layer}.{i}", draw(st.sampled_from([300, 100, 7, 1])), layer + 1)
            for i in range(draw(st.integers(1, 2)))
        ]
        for p in made:
            populations[p.name] = p
            for source, size, width in [*sources, (axon.name, 1, 0)]:
                found += projections(draw, rng, f"{source}>{p.name}.", (source, size), (p.name, p.size), width)
        sources = [(p.name, p.size, 0) for p in made]
    program = ChipProgram(
        1e-3,
        inputs,
        populations,
        {p.name: p for p in found},
        tuple(OutputPort(name, draw(st.sampled_from(OutputKind))) for name, _, _ in sources),
    )
    return program, {"x": _input(rng, (steps, batch, *inputs["x"].shape), bits)}


def _input(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> np.ndarray:
    active = rng.random(shape) < rng.choice([0.1, 0.5, 1.0])
    if bits == 0:
        return active
    return np.where(active, rng.integers(-(1 << bits - 1), 1 << bits - 1, shape), 0)


@pytest.mark.lava
@few_runs
@given(cases())
def test_integers_are_equal(case):
    program, inputs = case
    lava = load("neurotool.targets", "lava").run_program(program, inputs, STATES)
    engine = load("neurotool.targets", "loihi").run_program(program, inputs, STATES)
    assert_equal(lava, engine)
