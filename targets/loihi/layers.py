"""One population over a window of rows: what it hears, then what it does."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.ir.program import Population
from neurotool.neurons import MODELS
from neurotool.targets.loihi.hearing import connections_into, hear
from neurotool.targets.loihi.reference_scan import ReferenceScan
from neurotool.targets.loihi.run import Run
from neurotool.targets.loihi.scans import SCANS, Scan


class Layer:
    """A population in a run.

    Args:
        run: The run.
        population: The population.
        loop: Names of the populations in its loop, itself included; empty if it is in none. Only their spikes cannot
            be heard before the window begins.

    Attributes:
        population: The population.
        connections: The synapses that end at it.
        inside: Those that begin in its loop.
        scan: Its neurons.
        inputs: What arrives in the prepared window, ``[time, batch, neuron]`` for each input.
    """

    def __init__(self, run: Run, population: Population, loop: Set[str]) -> None:
        self.population = population
        self.connections = connections_into(run, population)
        self.scan = self._new_scan(run)
        self.resume(run.recording.state.states[population.name])
        self.inside = [connection for connection in self.connections if connection.projection.source in loop]
        self.inputs: dict[str, Int32Array] = {}
        self._outside = [connection for connection in self.connections if connection.projection.source not in loop]
        self._run = run
        self._first = 0

    @property
    def compiled(self) -> bool:
        """Whether the neurons are compiled."""
        return not isinstance(self.scan, ReferenceScan)

    def prepare(self, first: int, last: int) -> None:
        """Hear everything that comes from outside the loop in a window."""
        run, self._first = self._run, first
        shape = (last - first, run.batch, self.population.size)
        self.inputs = {port: run.scratch.zeros(shape) for port in MODELS[self.population.model].inputs}
        hear(run, self._outside, first, last, self.inputs, first)

    def hear_earlier(self, first: int, last: int) -> None:
        """Hear what the loop sent before the run, which later rows of the prepared window still hear."""
        for connection in self.inside:
            connection.deliver(
                self._run, first, min(last, connection.distance), self.inputs[connection.projection.port], first
            )

    def state(self) -> dict[str, Int64Array]:
        """Return a copy of the state, ``[batch, neuron]`` for each variable."""
        return {name: values.astype(np.int64) for name, values in self.scan.state.items()}

    def resume(self, state: Mapping[str, Int64Array]) -> None:
        """Take over a state."""
        for name, values in state.items():
            self.scan.state[name][:] = values

    def advance(self, low: int, high: int) -> None:
        """Hear the loop and step through a part of the prepared window."""
        run, name = self._run, self.population.name
        hear(run, self.inside, low, high, self.inputs, self._first)
        inputs = {port: x[low - self._first : high - self._first] for port, x in self.inputs.items()}
        records = {k: record[low:high] for k, record in run.recording.states[name].items()}
        before = self.state() if run.strict else {}
        wide = self.scan.run(inputs, run.rows_before + low, run.recording.spikes[name][low:high], records, run.workers)
        if run.strict and wide < high - low:
            self._explain(before, inputs, low, wide)

    def _explain(
        self, before: Mapping[str, Int64Array], inputs: Mapping[str, Int32Array], low: int, steps: int
    ) -> None:
        """Repeat the steps before the one that left the range, and let the reference say what is wrong with that."""
        run = self._run
        self.resume(before)
        if steps:
            repeated = {port: x[:steps] for port, x in inputs.items()}
            sent = np.empty_like(run.recording.spikes[self.population.name][low : low + steps])
            self.scan.run(repeated, run.rows_before + low, sent, {}, run.workers)
        run.accuse(self.population, self.state(), low + steps)

    def _new_scan(self, run: Run) -> Scan:
        return SCANS.get(self.population.model, ReferenceScan)(self.population, run.batch)
