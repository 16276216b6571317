"""Small programs for the tests of the Lava target, and what it means for two traces to be equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.neurons import MODELS


def population(
    rng: np.random.Generator,
    model: str,
    size: int | tuple[int, ...],
    start: int = 1,
    name: str = "",
    **ranges: tuple[int, int],
) -> Population:
    """A population with a value drawn for each neuron, or for all of them where the model wants it.

    Args:
        rng: Source of the values.
        model: Neuron model.
        size: Number of neurons, or shape.
        start: First step.
        name: Name, that of the model if empty.
        ranges: Smallest and largest value per parameter; the others are drawn from all that the model allows.
    """
    shape = size if isinstance(size, tuple) else (size,)
    parameters = {}
    for parameter in MODELS[model].parameters:
        low, high = ranges.get(parameter.name, (parameter.low, parameter.high))
        drawn = rng.integers(low, high + 1, 1 if parameter.uniform else int(np.prod(shape)))
        parameters[parameter.name] = np.broadcast_to(drawn, (int(np.prod(shape)),)).copy()
    return Population(name or model, model, shape, parameters, start, scale=1.0)


def program(
    inputs: Sequence[InputPort], populations: Sequence[Population], projections: Sequence[Projection]
) -> ChipProgram:
    return ChipProgram(
        1e-3,
        {port.name: port for port in inputs},
        {p.name: p for p in populations},
        {p.name: p for p in projections},
        (OutputPort(populations[-1].name, OutputKind.SPIKES),),
    )


def assert_equal(lava: Trace, engine: Trace) -> None:
    """Compare every spike, every state and every output."""
    assert set(lava.spikes) == set(engine.spikes)
    assert {name: set(states) for name, states in lava.states.items()} == {
        name: set(states) for name, states in engine.states.items()
    }
    for name in lava.states:
        for variable, ours in engine.states[name].items():
            _assert_same(f"{variable} of {name}", lava.states[name][variable], ours)
    for name, ours in engine.spikes.items():
        _assert_same(f"spikes of {name}", lava.spikes[name], ours)
    for name, ours in engine.outputs.items():
        _assert_same(f"output {name}", lava.outputs[name], ours)
    assert lava.latency == engine.latency


def _assert_same(what: str, lava: np.ndarray, engine: np.ndarray) -> None:
    assert (lava.shape, lava.dtype) == (engine.shape, engine.dtype), what
    different = np.argwhere(lava != engine)
    if len(different):
        where = tuple(different[0])
        pytest.fail(f"{what}: {len(different)} differ, first at {where}: Lava {lava[where]}, engine {engine[where]}")
