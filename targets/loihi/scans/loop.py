"""The loop over time of all compiled neurons.

A model gives the step of one block of neurons. Samples do not matter to it: ``[batch, neuron]`` is one axis here, whose
places are called lanes, so that small populations fill a block as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba.extending
import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.memory import LINE

SentArray = npt.NDArray[Any]
Function = TypeVar("Function", bound=Callable[..., object])

LANES = 512
"""Lanes of one block. Their states and constants, 28 KiB at most, stay in the nearest cache for all time steps.

They lie in one array at constant distances, the states first, as the compiler uses vector instructions only when it can
see that its arrays do not overlap, and it gives up on so many separate ones.
"""

Step = Callable[[Int32Array, Int32Array, Int32Array, SentArray, int], bool]
"""``step(cell, first input, second input, sent, row)``: whether strict mode refuses a state."""


def inner(function: Function) -> Function:
    """Compile a function as a part of those that call it."""
    return numba.extending.register_jitable(function)


@cache
def over_time(step: Step) -> Callable[..., int]:
    """Return the loop that takes lanes ``first..last`` through all steps of a model, compiled when first called.

    Its states are ``[state, lane]`` and changed, constants ``[constant, neuron]``, records ``[time, lane]``, inputs and
    what is sent ``[time, batch, neuron]``. A record of no steps is not kept; unless ``recorded``, there is none. The
    loop returns the first step that strict mode refuses, or their number.
    """
    version = _sources()

    def loop(
        states: Int32Array,
        constants: Int32Array,
        first_input: Int32Array,
        second_input: Int32Array,
        sent: SentArray,
        records: tuple[Int32Array, ...],
        recorded: bool,
        row: int,
        first: int,
        last: int,
    ) -> int:
        version  # noqa: B018  # whatever a loop refers to outside of itself tells its versions on disk apart
        steps: int = sent.shape[0]
        lanes = states.shape[1]
        arriving, also_arriving = first_input.reshape((steps, lanes)), second_input.reshape((steps, lanes))
        leaving = sent.reshape((steps, lanes))
        first_wide = steps
        cell = room((states.shape[0] + constants.shape[0]) * LANES)
        for low in range(first, last, LANES):
            high = min(low + LANES, last)
            _load(cell, states, constants, low, high)
            for t in range(steps):
                wide = step(cell, arriving[t, low:high], also_arriving[t, low:high], leaving[t, low:high], row + t)
                if wide and t < first_wide:
                    first_wide = t
                if recorded:
                    _record(cell, records, t, low, high)
            for state in range(states.shape[0]):
                _copy(cell[state * LANES :], states[state, low:high])
        return first_wide

    return compiled(loop)


@cache
def _sources() -> str:
    """Digest of this package. Numba by itself notices changes of a loop, but not of the functions that it calls."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@inner
def room(count: int) -> Int32Array:
    """Return room for some numbers that begins where a line of the cache does, so that no vector lies in two."""
    raw = np.empty(count + LINE // 4, np.int32)
    first = -raw.ctypes.data % LINE // 4
    return raw[first : first + count]


@inner
def _load(cell: Int32Array, states: Int32Array, constants: Int32Array, low: int, high: int) -> None:
    """Fill a cell with the states of lanes ``low..high`` and the constants of their neurons."""
    for i in range(states.shape[0]):
        _copy(states[i, low:], cell[i * LANES : i * LANES + high - low])
    size = constants.shape[1]
    lane = low
    while lane < high:  # as many lanes at once as belong to one sample
        neuron = lane % size
        length = size - neuron if size - neuron < high - lane else high - lane
        for i in range(constants.shape[0]):
            place = (states.shape[0] + i) * LANES + lane - low
            _copy(constants[i, neuron:], cell[place : place + length])
        lane += length


@inner
def _record(cell: Int32Array, records: tuple[Int32Array, ...], t: int, low: int, high: int) -> None:
    """Keep the states of lanes ``low..high`` in a step."""
    for i in range(len(records)):
        if records[i].shape[0] > 0:
            _copy(cell[i * LANES : i * LANES + high - low], records[i][t, low:high])


@inner
def _copy(source: Int32Array, target: Int32Array) -> None:
    """Copy as many values as the target holds; an assignment of slices takes much longer to compile."""
    for i in range(target.size):
        target[i] = source[i]
