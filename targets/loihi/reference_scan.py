"""A neuron model without a compiled form over many time steps: its reference, step by step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.ir.program import Population
from neurotool.neurons import MODELS, RangeError
from neurotool.targets.loihi.state import initial_state
from neurotool.targets.loihi.workers import Workers


class ReferenceScan:
    """State and readable step of one population; see :class:`neurotool.targets.loihi.scans.Scan`."""

    def __init__(self, population: Population, batch: int) -> None:
        self._population = population
        self.state: dict[str, npt.NDArray[np.signedinteger]] = {**initial_state(population, batch)}

    def run(
        self,
        inputs: Mapping[str, Int32Array],
        row: int,
        sent: npt.NDArray[np.generic],
        records: Mapping[str, Int32Array],
        workers: Workers,
    ) -> int:
        """Advance by as many steps as the inputs have."""
        model, parameters = MODELS[self._population.model], self._population.parameters
        first_wide = len(sent)
        for t in range(len(sent)):
            heard = {port: values[t].astype(np.int64) for port, values in inputs.items()}
            before = {name: values.astype(np.int64) for name, values in self.state.items()}
            try:
                state, spikes = model.step(parameters, before, heard, row=row + t, strict=first_wide == len(sent))
            except RangeError:
                first_wide = t
                state, spikes = model.step(parameters, before, heard, row=row + t, strict=False)
            sent[t] = spikes
            self.state = {**state}
            for name, record in records.items():
                record[t] = state[name]
        return first_wide
