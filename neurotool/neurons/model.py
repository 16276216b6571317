"""What every neuron model declares about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array

State = Mapping[str, Int64Array]
Parameters = Mapping[str, Int64Array]


class Owner(StrEnum):
    """Whose Lava process defines a neuron model.

    Agreement with a process of our own is a weaker proof than agreement with one of Lava's, so certificates name it.
    """

    LAVA = "lava"
    NEUROTOOL = "neurotool"


@dataclass(frozen=True)
class Parameter:
    """An integer parameter of a neuron and the range the hardware holds.

    Attributes:
        name: Name, as Lava's process has it where there is one.
        low: Smallest value.
        high: Largest value.
        meaning: What it does, in one line.
        uniform: Whether Lava holds one value for the whole population, so that all neurons must agree.
    """

    name: str
    low: int
    high: int
    meaning: str
    uniform: bool = False


class RangeError(Exception):
    """A state left the range that the hardware holds; raised in strict mode only.

    Attributes:
        variable: State variable.
        index: Position of the first offender in the state array ``[batch, neuron]``.
        value: Its value before wrapping or clipping.
        limit: Largest value the hardware holds.
        low: Smallest one, ``-limit`` unless it is given.
    """

    def __init__(self, variable: str, index: tuple[int, ...], value: int, limit: int, low: int | None = None) -> None:
        self.variable = variable
        self.index = index
        self.value = value
        self.limit = limit
        self.low = -limit if low is None else low
        super().__init__(f"{variable} = {value} exceeds {self.range}")

    @property
    def range(self) -> str:
        """What the hardware holds, in words."""
        return f"±{self.limit}" if self.low == -self.limit else f"{self.low}..{self.limit}"


class NeuronModel(Protocol):
    """A neuron model: its declaration and its readable integer step, the reference for every engine.

    Attributes:
        name: Name in programs.
        process: Dotted path of the Lava process that defines it.
        owner: Whose process that is.
        parameters: Integer parameters.
        states: State variables, in the order in which people read them.
        inputs: Names of the inputs that projections end at: Lava's input ports without ``_in``.
        graded: Whether it sends integers (graded spikes) rather than binary spikes.
    """

    name: str
    process: str
    owner: Owner
    parameters: tuple[Parameter, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    graded: bool

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """State of ``size`` neurons before the first step of a sample, ``[neuron]`` for each variable."""
        ...

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one time step. Arrays may be those of numpy or of any library with the same operators.

        Args:
            parameters: Integer parameters, ``[neuron]``.
            state: State variables, ``[batch, neuron]``.
            inputs: Sum of what the projections deliver to each input, ``[batch, neuron]``.
            row: Time steps since the sample began.
            strict: Raise :class:`RangeError` where the hardware could not hold a value.

        Returns:
            The new state (after the reset) and what is sent, ``[batch, neuron]``: bool, or integers if graded.
        """
        ...


def zeros(model: NeuronModel, size: int) -> dict[str, Int64Array]:
    """Return the initial state of a model whose variables all begin at zero."""
    return {name: np.zeros(size, np.int64) for name in model.states}
