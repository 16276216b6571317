"""Runs a traced module node by node, stepping what must be stepped, to learn the shape of every value."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch.tracer import STEPPED


@dataclass(frozen=True)
class Layout:
    """Axes of one value.

    Attributes:
        features: Shape without time and batch.
        timed: Whether axis 0 is time (and axis 1 the batch); otherwise axis 0 is the batch.
        standard: Whether time and batch are where they should be, if they are there at all, and time has all steps.
        batched: Whether there is a batch axis.
    """

    features: tuple[int, ...]
    timed: bool
    standard: bool
    batched: bool


class RasterInterpreter(fx.Interpreter):
    """Keeps every value as a whole raster; nodes inside ``Lift`` are called step by step."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.values: dict[fx.Node, Any] = {}
        self._timeless: set[fx.Node] = set()

    def run_node(self, n: fx.Node) -> Any:
        """Run a node and remember its value."""
        with torch.no_grad():
            stepped = n.meta.get(STEPPED, False) and n.op.startswith("call")
            self.values[n] = self._steps(n) if stepped else super().run_node(n)
        return self.values[n]

    def _steps(self, node: fx.Node) -> Any:
        """Call a node once for each step of its rasters and stack the results."""
        if node.target is operator.getitem and isinstance(self.env[node.all_input_nodes[0]], tuple):
            return super().run_node(node)
        if node.op == "call_module" and (rule := rule_for(self.fetch_attr(str(node.target)))) is not None:
            return self._cell(node, self.env[node.all_input_nodes[0]], rule.sequence)
        call: Callable[..., Any] = getattr(self, node.op)
        rasters = [n for n in node.all_input_nodes if self._is_raster(n)]
        if not rasters:
            self._timeless.add(node)
            return super().run_node(node)

        def at(t: int) -> Any:
            def fetch(n: fx.Node) -> Any:
                return self.env[n][t] if n in rasters else self.env[n]

            return call(node.target, fx.map_arg(node.args, fetch), fx.map_arg(node.kwargs, fetch))

        return _stacked([at(t) for t in range(self.env[rasters[0]].shape[0])])

    def _is_raster(self, node: fx.Node) -> bool:
        return node.op != "get_attr" and node not in self._timeless and torch.is_tensor(self.env[node])

    def _cell(self, node: fx.Node, raster: torch.Tensor, sequence: bool) -> Any:
        """Run a neuron over time, carrying its state."""
        neuron = self.fetch_attr(str(node.target))
        if sequence:
            return neuron(raster)
        state, outputs = None, []
        for x in raster:
            output, state = neuron(x, state)
            outputs.append(output)
        return torch.stack(outputs), state


def _stacked(results: list[Any]) -> Any:
    """Join the results of all steps: tensors along a new first axis, also inside tuples; sizes are always the same."""
    if isinstance(results[0], tuple) and any(torch.is_tensor(part) for part in results[0]):
        return tuple(_stacked(list(parts)) for parts in zip(*results, strict=True))
    return torch.stack(results) if torch.is_tensor(results[0]) else results[0]


def layouts(module: fx.GraphModule, example: torch.Tensor) -> dict[fx.Node, Layout]:
    """Find the axes of every tensor value by changing the number of steps and of samples.

    Args:
        module: The traced module.
        example: One input ``[time, batch, *features]`` for each placeholder.

    Returns:
        Layout of each node whose value is a tensor.
    """
    base, longer, wider = (_run(module, _resized(example, dt, db)) for dt, db in ((0, 0), (1, 0), (0, 1)))
    found = {}
    for node, value in base.items():
        if torch.is_tensor(value):
            found[node] = _layout(value, longer.get(node), wider.get(node), example.shape[0])
    return found


def _run(module: fx.GraphModule, example: torch.Tensor) -> dict[fx.Node, Any]:
    interpreter = RasterInterpreter(module)
    inputs = [example for node in module.graph.nodes if node.op == "placeholder"]
    interpreter.run(*inputs)
    return interpreter.values


def _resized(example: torch.Tensor, steps: int, samples: int) -> torch.Tensor:
    """Return the example with two samples, and more steps and samples as asked for, by repeating what it holds."""
    time = torch.arange(example.shape[0] + steps) % example.shape[0]
    batch = torch.arange(2 + samples) % example.shape[1]
    return example[time][:, batch]


def _layout(value: torch.Tensor, longer: Any, wider: Any, steps: int) -> Layout:
    time = _changed(value, longer)
    batch = _changed(value, wider)
    features = tuple(size for axis, size in enumerate(value.shape) if axis not in (*time, *batch))
    raster = (time, batch) == ([0], [1]) and value.shape[0] == steps
    return Layout(features, bool(time), raster or (time, batch) in (([], [0]), ([], [])), bool(batch))


def _changed(value: torch.Tensor, other: torch.Tensor) -> list[int]:
    return [axis for axis, sizes in enumerate(zip(value.shape, other.shape, strict=True)) if sizes[0] != sizes[1]]
