"""Runs the original module and records the spikes of its neurons through forward hooks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from neurotool.converters.torch.inputs import Call
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
        call: Inputs of the module.
        stepped: Whether the whole module runs one step at a time.
    """

    module: torch.nn.Module
    graph: Graph
    paths: Mapping[str, tuple[str, bool]]
    call: Call
    stepped: bool

    def __call__(self, data: Array | Mapping[str, Array]) -> Trace:
        """Run on ``[time, batch, *features]``, or ``[batch, *features]`` for a static input; several by name."""
        arrays = data if isinstance(data, Mapping) else {next(iter(self.call.inputs)): data}
        inputs = {name: torch.as_tensor(np.asarray(arrays[name], np.float32)) for name in self.call.inputs}
        recorded: dict[str, list[torch.Tensor]] = {name: [] for name in self.paths}
        hooks = [
            self.module.get_submodule(path).register_forward_hook(_keep(recorded[name]))
            for name, (path, _) in self.paths.items()
        ]
        began = time.perf_counter()
        try:
            with torch.no_grad():
                result = self._stepped(inputs) if self.stepped else self._once(inputs)
        finally:
            for hook in hooks:
                hook.remove()
        return self._trace(arrays, recorded, result, time.perf_counter() - began)

    def _once(self, inputs: Mapping[str, torch.Tensor]) -> Any:
        turned = {name: one.in_order(inputs[name]) for name, one in self.call.inputs.items()}
        return self.module(**self.call.arguments(turned))

    def _stepped(self, inputs: Mapping[str, torch.Tensor]) -> Any:
        """Step the module from outside, carrying the state that it returns."""
        state, outputs = None, []
        steps = next(len(inputs[name]) for name, one in self.call.inputs.items() if one.timed)
        for t in range(steps):
            now = {name: inputs[name][t] if one.timed else inputs[name] for name, one in self.call.inputs.items()}
            given = self.call.arguments(now)
            result = self.module(**given) if state is None else self.module(*given.values(), state)
            if isinstance(result, tuple) and not torch.is_tensor(result[-1]):
                result, state = result[0], result[1]
            outputs.append(result)
        return torch.stack(outputs)

    def _trace(
        self, arrays: Mapping[str, Array], recorded: Mapping[str, list[torch.Tensor]], result: Any, seconds: float
    ) -> Trace:
        rasters = {
            name: torch.stack(steps).numpy() if self.paths[name][1] else steps[0].numpy()
            for name, steps in recorded.items()
        }
        fires = {n for n in rasters if isinstance(self.graph.nodes[n].op, SPIKING_TYPES)}
        spiking = [n for n in self.graph.inputs if self.graph.nodes[n].kind is ValueKind.SPIKES]
        values = tensors_of(result)[: len(self.graph.outputs)]
        timed = [*(arrays[n] for n, one in self.call.inputs.items() if one.timed), *rasters.values()]
        return Trace(
            target="source",
            dt=self.graph.dt,
            steps=len(timed[0]) if timed else 0,
            spikes={n: _spikes(arrays[n]) for n in spiking} | {n: rasters[n] != 0 for n in rasters if n in fires},
            states={name: {"v": rasters[name]} for name in rasters if name not in fires},
            outputs={name: value.numpy() for name, value in zip(self.graph.outputs, values, strict=True)},
            latency=dict.fromkeys(rasters, 0),
            seconds=seconds,
            facts={"torch": str(torch.__version__)},
        )


def _spikes(raster: Array) -> Array:
    """Zeros and ones as spikes; payloads as they are."""
    binary = np.asarray(raster, bool)
    return binary if np.array_equal(raster, binary) else raster


def tensors_of(result: Any) -> list[torch.Tensor]:
    """Tensors that a module returned, outputs first; of a pair (output, state) the output."""
    found = []
    if isinstance(result, Mapping):
        result = tuple(result.values())
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
