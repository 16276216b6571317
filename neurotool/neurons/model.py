"""What every neuron model declares about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
State = Mapping[str, IntArray]
Parameters = Mapping[str, IntArray]


class Owner(StrEnum):
    """Whose Lava process defines a neuron model.

    Agreement with a process of our own is a weaker proof than agreement with one of Lava's, so certificates name it.
    """

    LAVA = "lava"
    NEUROTOOL = "neurotool"


@dataclass(frozen=True)
class Parameter:
    """An integer parameter of a neuron and the range the hardware holds."""

    name: str
    low: int
    high: int
    meaning: str


class RangeError(Exception):
    """A state left the range that the hardware holds; raised in strict mode only.

    Attributes:
        variable: State variable.
        index: Position of the first offender in the state array ``[batch, neuron]``.
        value: Its value before wrapping or clipping.
        limit: Largest magnitude the hardware holds.
    """

    def __init__(self, variable: str, index: tuple[int, ...], value: int, limit: int) -> None:
        super().__init__(f"{variable} = {value} exceeds ±{limit}")
        self.variable = variable
        self.index = index
        self.value = value
        self.limit = limit


class NeuronModel(Protocol):
    """A neuron model: its declaration and its readable integer step, the reference for every engine."""

    name: str
    process: str
    owner: Owner
    parameters: tuple[Parameter, ...]
    states: tuple[str, ...]

    def step(
        self, parameters: Parameters, state: State, activation: IntArray, *, strict: bool = False
    ) -> tuple[dict[str, IntArray], npt.NDArray[np.bool_]]:
        """Advance one time step.

        Args:
            parameters: Integer parameters, ``[neuron]``.
            state: State variables, ``[batch, neuron]``.
            activation: Sum of what the projections deliver, ``[batch, neuron]``.
            strict: Raise :class:`RangeError` where the hardware could not hold a value.

        Returns:
            The new state (after the reset) and the spikes, ``[batch, neuron]``.
        """
        ...
