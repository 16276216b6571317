"""Runs that go on where another stopped: what is read from a saved state, and what is left for the next run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.ir.program import ChipProgram, Population
from neurotool.ir.state import RunState, history
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS


def beginning(program: ChipProgram, batch: int) -> RunState:
    """Return the state before the first step of a sample: nobody has sent anything."""
    return RunState(
        rows=0,
        states={name: initial_state(population, batch) for name, population in program.populations.items()},
        sent={
            name: np.zeros((rows, batch, program.size_of(name)), np.bool_) for name, rows in history(program).items()
        },
    )


def initial_state(population: Population, batch: int) -> dict[str, Int64Array]:
    """Return the state of a population before the first step of a sample, ``[batch, neuron]`` for each variable."""
    first = MODELS[population.model].initial(population.parameters, population.size)
    return {name: np.tile(values, (batch, 1)) for name, values in first.items()}


def ending(
    begun: RunState, sent: Mapping[str, Raster], states: Mapping[str, Mapping[str, Int64Array]], steps: int
) -> RunState:
    """Return the state after the last row.

    Args:
        begun: State before the first row.
        sent: What every input port and population sent since then, ``[time, batch, neuron]``.
        states: State variables after the last row.
        steps: Rows run since then.
    """
    return RunState(begun.rows + steps, states, {name: _last(rows, sent[name]) for name, rows in begun.sent.items()})


def _last(before: Raster, now: Raster) -> Raster:
    """Return as many of the last rows as there were before, apart from the recording that they lie in."""
    missing = len(before) - len(now)
    if missing <= 0:
        return now[-missing:].copy()
    return np.concatenate([before[-missing:], now])


@dataclass(frozen=True, eq=False)
class Sent:
    """What every input port and population sent.

    Attributes:
        before: In the last rows before the run, ``[row, batch, neuron]``.
        now: In the rows of the run, ``[time, batch, neuron]``.
    """

    before: Mapping[str, Raster]
    now: Mapping[str, Raster]

    def in_row(self, source: str, row: int) -> Raster | None:
        """Return what a source sent in a row of the run, ``[batch, neuron]``; rows below 0 lie before it.

        There is nothing from before the sample began.
        """
        found = self.now[source] if row >= 0 else self.before[source]
        if row < -len(found):
            return None
        messages: Raster = found[row]
        return messages
