"""State and compiled step of one population."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array, Int64Array
from neurotool.ir.program import Population
from neurotool.neurons import MODELS
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.loop import SentArray, Step, over_time
from neurotool.targets.loihi.workers import Workers

BOUNDARY = 64
"""Threads begin at multiples of so many lanes, so that no two of them write to the same cache line."""


class Scan(Protocol):
    """State of one population and its way through many time steps.

    Attributes:
        state: State variables, ``[batch, neuron]``; values may be assigned between runs.
    """

    state: dict[str, npt.NDArray[np.signedinteger]]

    def __init__(self, population: Population, batch: int) -> None: ...

    def run(
        self,
        inputs: Mapping[str, Int32Array],
        row: int,
        sent: SentArray,
        records: Mapping[str, Int32Array],
        workers: Workers,
    ) -> int:
        """Advance by as many steps as the inputs have. All arrays are contiguous.

        Args:
            inputs: What arrives at each input modulo 2^32, ``[time, batch, neuron]``.
            row: Rows since the sample began, of the first step.
            sent: Filled in, ``[time, batch, neuron]``: bool, or int32 of a graded model.
            records: Filled in for the states that are recorded, same shape.
            workers: Threads to use.

        Returns:
            The first step in which strict mode refuses a state, or the number of steps.
        """
        ...


class CompiledScan(ABC):
    """A scan whose subclasses say which step to take, and with which constants.

    Args:
        population: The population.
        batch: Samples.

    Attributes:
        state: State variables, ``[batch, neuron]``, int32; values may be assigned between runs.
    """

    step: Step

    def __init__(self, population: Population, batch: int) -> None:
        model, size = MODELS[population.model], population.size
        rows = self.constants(population.parameters)
        self._inputs = model.inputs
        self._constants = np.array(rows, np.int64).reshape(len(rows), size).astype(np.int32)
        self._states = np.empty((len(model.states), batch * size), np.int32)
        self.state: dict[str, npt.NDArray[np.signedinteger]] = {
            name: values.reshape(batch, size) for name, values in zip(model.states, self._states, strict=True)
        }
        for name, values in model.initial(population.parameters, size).items():
            self.state[name][:] = values

    @property
    def arrays(self) -> tuple[Int32Array, Int32Array]:
        """States ``[state, lane]``, where lanes are samples times neurons, and constants ``[constant, neuron]``."""
        return self._states, self._constants

    @staticmethod
    @abstractmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Return what the step needs of the parameters, ``[neuron]`` each, in the order of the cell."""

    def run(
        self,
        inputs: Mapping[str, Int32Array],
        row: int,
        sent: SentArray,
        records: Mapping[str, Int32Array],
        workers: Workers,
    ) -> int:
        """Advance by as many steps as the inputs have; see :meth:`Scan.run`."""
        first_input, second_input = inputs[self._inputs[0]], inputs[self._inputs[-1]]
        lanes = self._states.shape[1]
        unkept = np.empty((0, lanes), np.int32)
        kept = tuple(records[k].reshape(-1, lanes) if k in records else unkept for k in self.state) or (unkept,)

        loop = over_time(type(self).step)

        def part(first: int, last: int) -> int:
            arrays = self._states, self._constants, first_input, second_input, sent, kept, bool(records)
            return loop(*arrays, row, first, last)

        return min(workers.run(part, workers.parts(lanes, sent.size, BOUNDARY)))
