"""What all populations of a run share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.ir.program import ChipProgram, Population
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS, RangeError
from neurotool.synapses import Delivery
from neurotool.targets.loihi.engine import Recording, heard, order_of_steps, refusal
from neurotool.targets.loihi.scratch import Scratch
from neurotool.targets.loihi.state import Sent
from neurotool.targets.loihi.workers import Workers


@dataclass(frozen=True, eq=False)
class Run:
    """One run; arguments as in :func:`neurotool.targets.loihi.engine.simulate`."""

    program: ChipProgram
    inputs: Mapping[str, Raster]
    recording: Recording
    strict: bool
    workers: Workers
    scratch: Scratch = field(default_factory=Scratch)
    _offences: dict[str, tuple[int, RangeError]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Rows of the input."""
        return int(next(iter(self.inputs.values())).shape[0])

    @property
    def batch(self) -> int:
        """Samples."""
        return int(next(iter(self.inputs.values())).shape[1])

    @property
    def rows_before(self) -> int:
        """Rows that the samples had before this run."""
        return self.recording.state.rows

    def sent(self, source: str) -> Raster:
        """Recording of an input port or population, ``[time, batch, neuron]``."""
        return self.inputs[source] if source in self.inputs else self.recording.spikes[source]

    def sent_in(self, source: str, first: int, last: int) -> Iterator[tuple[int, Raster]]:
        """Yield what a source sent in some rows, at most two pieces with the row that each begins with.

        Rows below 0 lie before the run. Those before the sample began are left out.
        """
        if first < 0:
            before = self.recording.state.sent[source]
            end = len(before)
            low, high = max(first, -end, -self.rows_before), min(last, 0)
            if low < high:
                yield low, before[end + low : end + high]
        if last > 0:
            yield max(first, 0), self.sent(source)[max(first, 0) : last]

    def accuse(self, population: Population, state: Mapping[str, Int64Array], row: int) -> None:
        """Let the reference say what is wrong with a step in which a compiled neuron left its range.

        Args:
            population: The population. Only its first offence counts.
            state: Its state before the step, ``[batch, neuron]``.
            row: The row of the run.
        """
        if population.name in self._offences:
            return
        deliveries = [Delivery(self.program, p) for p in self.program.projections_into(population.name)]
        sent = Sent(self.recording.state.sent, {**self.inputs, **self.recording.spikes})
        inputs = heard(self.program, population, deliveries, sent, row)
        before = {name: values.astype(np.int64) for name, values in state.items()}
        try:
            MODELS[population.model].step(
                population.parameters, before, inputs, row=self.rows_before + row, strict=True
            )
        except RangeError as error:
            self._offences[population.name] = row, error

    def refuse(self) -> None:
        """Raise what the reference would have met first: by row, then by the order in which populations step."""
        if self._offences:
            order = order_of_steps(self.program)
            name = min(self._offences, key=lambda name: (self._offences[name][0], order.index(name)))
            row, error = self._offences[name]
            raise refusal(self.program.populations[name], error, self.rows_before + row)
