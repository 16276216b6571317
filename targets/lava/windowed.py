"""Makes a Lava neuron process start, rest and begin again with the samples. Imported in the worker only.

A pair of classes is made of a stock pair by putting :class:`Windowed` before the process and :class:`WindowedModel`
before its process model. The dynamics stay those of the stock model, whose ``run_spk`` computes every row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from lava.magma.core.model.py.ports import PyInPort

from neurotool.targets.lava.window import Window


class Windowed:
    """A process that is live in a window only.

    Args:
        name: Name of the population.
        window: When it is live.
        states: Its state variables, which return to their initial values when a sample begins.
        probes: An ``.npy`` file of shape ``(steps, *shape)``, which exists already, for each variable to record.
        parameters: Arguments of the stock process.
    """

    def __init__(
        self, *, name: str, window: Window, states: Sequence[str], probes: Mapping[str, str], **parameters: Any
    ) -> None:
        super().__init__(**parameters)
        self.name = name
        self.proc_params: Any
        self.proc_params["window"] = window
        self.proc_params["states"] = tuple(states)
        self.proc_params["probes"] = dict(probes)


class WindowedModel:
    """Runs the stock step in the rows of each sample, then stores the state that it left."""

    # Lava's decorator refuses a model whose base implements another process unless the class itself says otherwise.
    implements_process = None

    time_step: int
    py_ports: list[Any]

    def __init__(self, proc_params: Mapping[str, Any]) -> None:
        super().__init__(proc_params)  # type: ignore[call-arg]  # the next class is a Lava model
        self._window: Window = proc_params["window"]
        self._initial: dict[str, Any] = dict.fromkeys(proc_params["states"])
        self._records = {name: np.load(path, mmap_mode="r+") for name, path in proc_params["probes"].items()}

    def run_spk(self) -> None:
        """Process a row, or rest. The stock model sees the row, counted from 1, as Lava's time step."""
        step = self.time_step
        row = self._window.row(step - 1)
        if row is None:
            self._rest()
            return
        if row == 0:
            self._begin(first=step - 1 == self._window.start)
        self.time_step = row + 1
        super().run_spk()  # type: ignore[misc]
        self.time_step = step
        for name, rows in self._records.items():
            rows[step - 1] = getattr(self, name)

    def _rest(self) -> None:
        """Exchange messages, as Lava demands in every step, but hear and say nothing."""
        for port in self.py_ports:
            if isinstance(port, PyInPort):
                port.recv()
            else:
                port.send(np.zeros(port.shape, np.int32))

    def _begin(self, *, first: bool) -> None:
        """Keep the initial state before the first sample, and return to it before each of the others."""
        for name in self._initial:
            if first:
                self._initial[name] = np.copy(getattr(self, name))
            else:
                setattr(self, name, np.copy(self._initial[name]))
