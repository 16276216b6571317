"""What everybody in a run sent, on the device, on its way from the inputs and to the recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from neurotool.ir.trace import Raster
from neurotool.targets.loihi.engine import Recording


class Sender:
    """What an input port or population sent: a window of rows, and those before it that are still heard.

    Args:
        before: What was sent in the last rows before the run, as far as anybody may still hear it,
            ``[row, batch, neuron]``; bool or integers.

    Attributes:
        now: The rows of the window, ``[row, batch, neuron]``.
    """

    def __init__(self, before: torch.Tensor) -> None:
        self._rows = before
        self._history = len(before)
        self._first = 0
        self.now = before[:0]

    def move(self, first: int, last: int) -> None:
        """Begin a window, which follows the one before."""
        kept = self._rows[len(self._rows) - self._history :]
        self._rows = self._rows.new_empty((self._history + last - first, *kept.shape[1:]))
        self._rows[: self._history] = kept
        self._first = first
        self.now = self._rows[self._history :]

    def between(self, first: int, last: int) -> torch.Tensor:
        """Return what was sent in some rows of the run, none of them after the window."""
        start = self._history - self._first
        return self._rows[start + first : start + last]


class Senders:
    """All input ports and populations of a run.

    Args:
        inputs: What the input ports send, ``[time, batch, neuron]``.
        recording: Where the run begins; filled in window by window.
        device: The device.

    Attributes:
        recording: The same.
        device: The same.
        sent: What each of them sent.
        states: Windows of the states that are recorded, by population.
    """

    def __init__(self, inputs: Mapping[str, Raster], recording: Recording, device: torch.device) -> None:
        self.recording = recording
        self.device = device
        self._inputs = inputs
        before = recording.state.sent
        kinds: dict[str, np.dtype[Any]] = {name: raster.dtype for name, raster in recording.spikes.items()}
        for name, raster in inputs.items():
            spiking = raster.dtype == before[name].dtype == np.bool_
            kinds[name] = np.dtype(np.bool_ if spiking else np.int64)
        self._kinds = kinds
        self.sent = {name: Sender(self._on_device(raster, kinds[name])) for name, raster in before.items()}
        self.states: dict[str, dict[str, torch.Tensor]] = {}

    def move(self, first: int, last: int) -> None:
        """Begin a window, with what the input ports send in it."""
        for name, sender in self.sent.items():
            sender.move(first, last)
            if name in self._inputs:
                sender.now.copy_(self._on_device(self._inputs[name][first:last], self._kinds[name]))
        self.states = {
            name: {
                k: torch.empty((last - first, *raster.shape[1:]), dtype=torch.int32, device=self.device)
                for k, raster in states.items()
            }
            for name, states in self.recording.states.items()
        }

    def keep(self, first: int, last: int) -> None:
        """Copy what populations sent and became in the window to the recording."""
        for name, raster in self.recording.spikes.items():
            raster[first:last] = self.sent[name].now.cpu().numpy()
            for variable, values in self.states[name].items():
                self.recording.states[name][variable][first:last] = values.cpu().numpy()

    def _on_device(self, raster: Raster, kind: np.dtype[Any]) -> torch.Tensor:
        return torch.from_numpy(np.array(raster, kind)).to(self.device)
