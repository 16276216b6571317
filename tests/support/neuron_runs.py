"""Runs readable neuron steps by themselves: one neuron over time, or drawn populations of any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from neurotool.neurons import NeuronModel

Arrays = dict[str, np.ndarray]
Answer = tuple[list[int], dict[str, list[int]]]


def run(
    model: NeuronModel,
    parameters: Mapping[str, int],
    inputs: Sequence[int] | Mapping[str, Sequence[int]],
    *,
    state: Mapping[str, int] | None = None,
    strict: bool = False,
) -> Answer:
    """Run one neuron: what it sends in each row, and its states after each row.

    Inputs are a sequence for the model's first input, or one for each; inputs that are not named stay silent.
    """
    heard = inputs if isinstance(inputs, Mapping) else {model.inputs[0]: inputs}
    steps = len(next(iter(heard.values())))
    arrays = {name: np.array([value], np.int64) for name, value in parameters.items()}
    now = {name: value[None] for name, value in model.initial(arrays, 1).items()}
    now |= {name: np.array([[value]], np.int64) for name, value in (state or {}).items()}
    sent: list[int] = []
    states: dict[str, list[int]] = {name: [] for name in model.states}
    for row in range(steps):
        arriving = {k: np.array([[heard[k][row] if k in heard else 0]], np.int64) for k in model.inputs}
        now, message = model.step(arrays, now, arriving, row=row, strict=strict)
        sent.append(int(message[0, 0]))
        for name, values in states.items():
            values.append(int(now[name][0, 0]))
    return sent, states


def drawn(
    model: NeuronModel, data: Any, *, size: int = 5, batch: int = 2, steps: int = 4
) -> tuple[Arrays, list[Arrays]]:
    """Draw parameters ``[neuron]`` over their whole ranges and ``steps`` rows of inputs ``[batch, neuron]``."""
    parameters = {}
    for p in model.parameters:
        whole = st.integers(p.low, p.high)
        near = st.integers(max(p.low, min(p.high, -20)), min(p.high, max(p.low, 20)))
        one = st.one_of(whole, near, st.sampled_from([p.low, p.high]))
        values = [data.draw(one)] * size if p.uniform else data.draw(st.lists(one, min_size=size, max_size=size))
        parameters[p.name] = np.array(values, np.int64)
    bits = data.draw(st.sampled_from([4, 10, 17, 24, 31]))
    activation = st.integers(-(1 << bits), (1 << bits) - 1)
    count = batch * size
    rows = [
        {
            name: np.array(data.draw(st.lists(activation, min_size=count, max_size=count)), np.int64).reshape(
                batch, size
            )
            for name in model.inputs
        }
        for _ in range(steps)
    ]
    return parameters, rows


def resting(model: NeuronModel, parameters: Arrays, batch: int, size: int = 5) -> Arrays:
    """State before the first row, ``[batch, neuron]``."""
    return {name: np.tile(values, (batch, 1)) for name, values in model.initial(parameters, size).items()}
