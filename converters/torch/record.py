"""Runs the original module and records the spikes of its neurons through forward hooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from neurotool.ir.adapters import Array
from neurotool.ir.graph import SPIKING_TYPES, Graph
from neurotool.ir.trace import Trace
from neurotool.ir.values import ValueKind


@dataclass(frozen=True, eq=False)
class ModuleRunner:
    """Runs a module as its author would, and returns a trace named like the graph.

    Attributes:
        module: The original module.
        graph: The graph made of it.
        paths: Module path of each neuron node, and whether it runs once per step.
        stepped: Whether the whole module runs one step at a time.
    """

    module: torch.nn.Module
    graph: Graph
    paths: Mapping[str, tuple[str, bool]]
    stepped: bool

    def __call__(self, raster: Array) -> Trace:
        """Run on ``[time, batch, *features]``."""
        inputs = torch.as_tensor(np.asarray(raster, np.float32))
        recorded: dict[str, list[torch.Tensor]] = {name: [] for name in self.paths}
        hooks = [
            self.module.get_submodule(path).register_forward_hook(_keep(recorded[name]))
            for name, (path, _) in self.paths.items()
        ]
        began = time.perf_counter()
        try:
            with torch.no_grad():
                result = self._stepped(inputs) if self.stepped else self.module(inputs)
        finally:
            for hook in hooks:
                hook.remove()
        return self._trace(raster, recorded, result, time.perf_counter() - began)

    def _stepped(self, inputs: torch.Tensor) -> Any:
        """Step the module from outside, carrying the state that it returns."""
        state, outputs = None, []
        for x in inputs:
            result = self.module(x) if state is None else self.module(x, state)
            if isinstance(result, tuple) and not torch.is_tensor(result[-1]):
                result, state = result[0], result[1]
            outputs.append(result)
        return torch.stack(outputs)

    def _trace(self, raster: Array, recorded: Mapping[str, list[torch.Tensor]], result: Any, seconds: float) -> Trace:
        rasters = {
            name: torch.stack(steps).numpy() if self.paths[name][1] else steps[0].numpy()
            for name, steps in recorded.items()
        }
        fires = {n for n in rasters if isinstance(self.graph.nodes[n].op, SPIKING_TYPES)}
        is_binary = np.array_equal(raster, np.asarray(raster, bool))
        spiking = [n for n in self.graph.inputs if self.graph.nodes[n].kind is ValueKind.SPIKES]
        entering = {name: np.asarray(raster, bool) if is_binary else raster for name in spiking}
        values = _values(result)[: len(self.graph.outputs)]
        return Trace(
            target="source",
            dt=self.graph.dt,
            steps=raster.shape[0],
            spikes=entering | {name: rasters[name] != 0 for name in rasters if name in fires},
            states={name: {"v": rasters[name]} for name in rasters if name not in fires},
            outputs={name: value.numpy() for name, value in zip(self.graph.outputs, values, strict=True)},
            latency=dict.fromkeys(rasters, 0),
            seconds=seconds,
            facts={"torch": str(torch.__version__)},
        )


def _values(result: Any) -> list[torch.Tensor]:
    """Tensors that a module returned, outputs first; of a pair (output, state) the output."""
    found = []
    for value in result if isinstance(result, tuple | list) else (result,):
        while isinstance(value, tuple):
            value = value[0]
        if torch.is_tensor(value):
            found.append(value)
    return found


def _keep(store: list[torch.Tensor]) -> Callable[[Any, Any, Any], None]:
    def hook(_module: Any, _inputs: Any, output: Any) -> None:
        store.append(output[0] if isinstance(output, tuple) else output)

    return hook
