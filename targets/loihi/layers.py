"""One population over a window of time: what it hears, then what it does.

Windows are ranges of rows. What a projection delivers in a row was sent a fixed number of rows before, so that it can be
read from the recordings directly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from neurotool.ir.program import ChipProgram, Population
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS, RangeError
from neurotool.synapses import Delivery
from neurotool.targets.loihi.engine import Recording, heard, initial_state, order_of_steps, record, refusal
from neurotool.targets.loihi.lif_scan import LifScan
from neurotool.targets.loihi.products import Synapses
from neurotool.targets.loihi.workers import Workers

IntArray = npt.NDArray[np.int64]

SCANS = {"lif": LifScan}
"""Compiled neurons by model. Others are stepped with their reference."""


@dataclass(frozen=True, eq=False)
class Run:
    """What all layers of a run share; arguments as in :func:`neurotool.targets.loihi.engine.simulate`."""

    program: ChipProgram
    inputs: Mapping[str, Raster]
    recording: Recording
    strict: bool
    workers: Workers
    offences: list[tuple[int, Population, RangeError]] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Time steps of the input."""
        return int(next(iter(self.inputs.values())).shape[0])

    @property
    def batch(self) -> int:
        """Samples."""
        return int(next(iter(self.inputs.values())).shape[1])

    def sent(self, source: str) -> Raster:
        """Recording of an input port or population, ``[time, batch, neuron]``."""
        return self.inputs[source] if source in self.inputs else self.recording.spikes[source]

    def refuse(self) -> None:
        """Raise what the reference would have met first: by time step, then by population."""
        if self.offences:
            order = order_of_steps(self.program)
            row, population, error = min(self.offences, key=lambda o: (o[0], order.index(o[1].name)))
            raise refusal(population, error, row)


class ScanLayer:
    """A population with a compiled neuron.

    Args:
        run: The run.
        population: The population.
        loop: Names of the populations in its loop, itself included; empty if it is in none. Only their spikes cannot
            be heard before the window begins.
    """

    def __init__(self, run: Run, population: Population, loop: Set[str]) -> None:
        self.run = run
        self.population = population
        self.looped = bool(loop)
        self.scan = SCANS[population.model](population, run.batch)
        self.synapses = [Synapses(p) for p in run.program.projections_into(population.name)]
        self._outside = [s for s in self.synapses if s.projection.source not in loop]
        self._inside = [s for s in self.synapses if s.projection.source in loop]

    def prepare(self, first: int, last: int) -> None:
        """Hear everything that comes from outside the loop in a window."""
        self._first_row = first
        self._activation = np.zeros((last - first, self.run.batch, self.population.size), np.int32)
        self._hear(self._outside, first, last)

    def advance(self, low: int, high: int) -> None:
        """Hear the loop and step through a part of the prepared window."""
        self._hear(self._inside, low, high)
        activation = self._activation[low - self._first_row : high - self._first_row]
        recording = self.run.recording
        before = {k: v.copy() for k, v in self.scan.state.items()} if self.run.strict else {}
        states = {k: record[low:high] for k, record in recording.states[self.population.name].items()}
        spikes = recording.spikes[self.population.name][low:high]
        wide = self.scan.run(activation, spikes, states, self.run.workers)
        if self.run.strict and wide < high - low:
            self._explain(before, activation[: wide + 1], low + wide)

    def release(self) -> None:
        """Give back the memory of the prepared window."""
        del self._activation

    def _hear(self, synapses: Sequence[Synapses], low: int, high: int) -> None:
        for synapse in synapses:
            sent = self.run.sent(synapse.projection.source)
            lag = self.run.program.lag(synapse.projection)
            heard = sent[max(0, low - lag) : max(0, high - lag)]
            if heard.size:
                offset = max(0, low - lag) + lag - self._first_row
                activation = self._activation[offset : offset + len(heard)]
                synapse.deliver(
                    heard.reshape(-1, heard.shape[2]), activation.reshape(-1, self.population.size), self.run.workers
                )

    def _explain(
        self, before: Mapping[str, npt.NDArray[np.int32]], activation: npt.NDArray[np.int32], row: int
    ) -> None:
        """Repeat the steps up to the one that left the range, and let the reference say what is wrong with that."""
        scan = SCANS[self.population.model](self.population, self.run.batch)
        for name, values in before.items():
            scan.state[name][:] = values
        if len(activation) > 1:
            scan.run(activation[:-1], np.empty(activation[:-1].shape, np.bool_), {}, self.run.workers)
        state = {name: values.astype(np.int64) for name, values in scan.state.items()}
        try:
            MODELS[self.population.model].step(
                self.population.parameters, state, {"a": activation[-1].astype(np.int64)}, row=row, strict=True
            )
        except RangeError as error:
            self.run.offences.append((row, self.population, error))


class ReferenceLayer:
    """A population whose neuron model has no compiled form: stepped with its reference."""

    def __init__(self, run: Run, population: Population, loop: Set[str]) -> None:
        self.run = run
        self.population = population
        self.looped = bool(loop)
        self._into = [Delivery(run.program, p) for p in run.program.projections_into(population.name)]
        self._state = initial_state(population, run.batch)

    def prepare(self, first: int, last: int) -> None:
        """Do nothing: there is nothing to gain from hearing many steps at once."""

    def release(self) -> None:
        """Do nothing: nothing was prepared."""

    def advance(self, first: int, last: int) -> None:
        """Step through a window."""
        run, name = self.run, self.population.name
        sent = {**run.inputs, **run.recording.spikes}
        for row in range(first, last):
            heard_now = heard(run.program, self.population, self._into, sent, row)
            model = MODELS[self.population.model]
            try:
                self._state, spikes = model.step(
                    self.population.parameters, self._state, heard_now, row=row, strict=run.strict
                )
            except RangeError as error:
                run.offences.append((row, self.population, error))
                return
            record(run.recording, name, row, self._state, spikes)
