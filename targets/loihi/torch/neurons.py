"""The neurons of one population, step by step: the readable steps of :mod:`neurotool.neurons` on tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, cast

import numpy as np
import torch

from neurotool.arrays import Int64Array
from neurotool.ir.program import Population
from neurotool.neurons import MODELS, RangeError

Tensors = Mapping[str, torch.Tensor]
Step = Callable[..., tuple[dict[str, torch.Tensor], torch.Tensor]]


class Neurons(Protocol):
    """State of one population and its way through many time steps.

    Attributes:
        state: State variables, ``[batch, neuron]``, int64.
        how: What steps them, in words.
        refused: First row of the run that strict mode refused, and why.
    """

    state: dict[str, torch.Tensor]
    how: str
    refused: tuple[int, RangeError] | None

    def run(self, inputs: Tensors, row: int, sent: torch.Tensor, records: Tensors) -> None:
        """Advance by as many steps as the inputs have.

        Args:
            inputs: What arrives at each input, within 32 bits, ``[time, batch, neuron]``, int64.
            row: Rows since the sample began, of the first step.
            sent: Filled in, ``[time, batch, neuron]``: bool, or int32 of a graded model.
            records: Filled in for the states that are recorded, same shape, int32.
        """
        ...


class ReadableNeurons:
    """Neurons of any model; see :class:`Neurons`.

    In strict mode a step waits for the device to say that every state is in range. After a refusal it goes on without
    asking, as what other populations do in earlier rows may have to be refused first.

    Args:
        population: The population.
        state: Its state before the run.
        device: Where to keep it.
        strict: Whether states that no chip could hold are refused.
    """

    how = "readable steps"

    def __init__(
        self, population: Population, state: Mapping[str, Int64Array], device: torch.device, *, strict: bool
    ) -> None:
        self.state = on_device(state, device)
        self.refused: tuple[int, RangeError] | None = None
        self._parameters = on_device(population.parameters, device)
        # It is written for the arrays of any library but typed for those of numpy.
        self._step = cast(Step, MODELS[population.model].step)
        self._strict = strict

    def run(self, inputs: Tensors, row: int, sent: torch.Tensor, records: Tensors) -> None:
        """Advance by as many steps as the inputs have; see :meth:`Neurons.run`."""
        for t in range(len(sent)):
            self.state, spikes = self._advance({port: x[t] for port, x in inputs.items()}, row + t)
            sent[t] = spikes
            for name, record in records.items():
                record[t] = self.state[name]

    def _advance(self, heard: Tensors, row: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        if self._strict and self.refused is None:
            try:
                return self._step(self._parameters, self.state, heard, row=row, strict=True)
            except RangeError as error:
                self.refused = row, error
        return self._step(self._parameters, self.state, heard, row=row, strict=False)


def on_device(arrays: Mapping[str, Int64Array], device: torch.device) -> dict[str, torch.Tensor]:
    """Copy integer arrays to a device."""
    return {name: torch.from_numpy(np.array(values, np.int64)).to(device) for name, values in arrays.items()}
