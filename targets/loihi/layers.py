"""One population over a window of rows: what it hears, then what it does."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np
import numpy.typing as npt

from neurotool.ir.program import Population
from neurotool.neurons import MODELS
from neurotool.targets.loihi.hearing import hear, ways_into
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
        ways: The synapses that end at it.
        scan: Its neurons.
    """

    def __init__(self, run: Run, population: Population, loop: Set[str]) -> None:
        self.population = population
        self.ways = ways_into(run, population)
        self.scan = self._new_scan(run)
        for name, values in run.recording.state.states[population.name].items():
            self.scan.state[name][:] = values
        self._run = run
        self._outside = [way for way in self.ways if way.projection.source not in loop]
        self._inside = [way for way in self.ways if way.projection.source in loop]

    @property
    def compiled(self) -> bool:
        """Whether the neurons are compiled."""
        return not isinstance(self.scan, ReferenceScan)

    def prepare(self, first: int, last: int) -> None:
        """Hear everything that comes from outside the loop in a window."""
        run, self._first = self._run, first
        shape = (last - first, run.batch, self.population.size)
        self._inputs = {port: run.scratch.zeros(shape) for port in MODELS[self.population.model].inputs}
        hear(run, self._outside, first, last, self._inputs, first)

    def advance(self, low: int, high: int) -> None:
        """Hear the loop and step through a part of the prepared window."""
        run, name = self._run, self.population.name
        hear(run, self._inside, low, high, self._inputs, self._first)
        inputs = {port: x[low - self._first : high - self._first] for port, x in self._inputs.items()}
        records = {k: record[low:high] for k, record in run.recording.states[name].items()}
        before = {k: values.copy() for k, values in self.scan.state.items()} if run.strict else {}
        wide = self.scan.run(inputs, run.rows_before + low, run.recording.spikes[name][low:high], records, run.workers)
        if run.strict and wide < high - low:
            self._explain(before, inputs, low, wide)

    def _explain(
        self,
        before: Mapping[str, npt.NDArray[np.signedinteger]],
        inputs: Mapping[str, npt.NDArray[np.int32]],
        low: int,
        steps: int,
    ) -> None:
        """Repeat the steps before the one that left the range, and let the reference say what is wrong with that."""
        run, scan = self._run, self._new_scan(self._run)
        for name, values in before.items():
            scan.state[name][:] = values
        if steps:
            repeated = {port: x[:steps] for port, x in inputs.items()}
            sent = np.empty_like(run.recording.spikes[self.population.name][low : low + steps])
            scan.run(repeated, run.rows_before + low, sent, {}, run.workers)
        run.accuse(self.population, scan.state, low + steps)

    def _new_scan(self, run: Run) -> Scan:
        return SCANS.get(self.population.model, ReferenceScan)(self.population, run.batch)
