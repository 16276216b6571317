"""Runs a traced module node by node, stepping what must be stepped, to learn the shape of every value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch.inputs import Input
from neurotool.converters.torch.roll import delayed, hold
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
    """Keeps every value as a whole raster; stepped nodes are called step by step.

    Args:
        module: The traced module.
        steps: Numbers of steps that the trace was made with.
        extra: Steps and samples more than that.
        base: Values of a run without extra steps: what fails with more steps is tied to their number, and keeps the
            value that it had there.
    """

    def __init__(
        self,
        module: fx.GraphModule,
        steps: Collection[int],
        extra: tuple[int, int] = (0, 0),
        base: Mapping[fx.Node, Any] | None = None,
    ) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.values: dict[fx.Node, Any] = {}
        self._known = steps
        self._extra = extra
        self._base = base
        self._timeless = constants(module)

    def run_node(self, n: fx.Node) -> Any:
        """Run a node and remember its value."""
        with torch.no_grad():
            try:
                self.values[n] = self._value(n)
            except Exception:
                if self._base is None or n.op == "output":
                    raise
                self.values[n] = self._again(n, self._base[n])
        return self.values[n]

    def _value(self, node: fx.Node) -> Any:
        if node.target is hold:
            return hold(self.env[node.args[0]], node.args[1] + self._extra[0])  # type: ignore[index,operator]
        if node.target is delayed:
            steps, samples, shape = node.args
            return delayed(steps + self._extra[0], samples + self._extra[1], shape)  # type: ignore[operator]
        stepped = node.meta.get(STEPPED, False) and node.op.startswith("call")
        return self._steps(node) if stepped else super().run_node(node)

    def _again(self, node: fx.Node, before: Any) -> Any:
        """Run a node that fails with more steps once more, with parameters that have a row for each step made longer.

        What still fails has used up the time axis, as a layer over all steps does.
        """
        kept = dict(self.env)
        try:
            for n in node.all_input_nodes:
                if n in self._timeless and torch.is_tensor(self.env[n]):
                    self.env[n] = _longer(self.env[n], self._known, self._extra[0])
            return self._value(node)
        except Exception:
            return before
        finally:
            self.env = kept

    def _steps(self, node: fx.Node) -> Any:
        """Call a node once for each step of its rasters and stack the results."""
        if node.target is operator.getitem and isinstance(self.env[node.all_input_nodes[0]], tuple):
            return super().run_node(node)
        if node.op == "call_module" and (rule := rule_for(self.fetch_attr(str(node.target)))) is not None:
            return self._cell(node, self.env[node.all_input_nodes[0]], rule.sequence)
        call: Callable[..., Any] = getattr(self, node.op)
        rasters = [n for n in node.all_input_nodes if self._is_raster(n)]
        if not rasters:
            return super().run_node(node)

        def at(t: int) -> Any:
            def fetch(n: fx.Node) -> Any:
                return self.env[n][t] if n in rasters else self.env[n]

            return call(node.target, fx.map_arg(node.args, fetch), fx.map_arg(node.kwargs, fetch))

        return _stacked([at(t) for t in range(self.env[rasters[0]].shape[0])])

    def _is_raster(self, node: fx.Node) -> bool:
        return node not in self._timeless and torch.is_tensor(self.env[node])

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


def constants(module: fx.GraphModule) -> frozenset[fx.Node]:
    """Find the nodes that are computed from no input: parameters, and what is made of them alone."""
    found: set[fx.Node] = set()
    for node in module.graph.nodes:
        made = node.op == "get_attr" or (node.op.startswith("call") and node.target is not delayed)
        if made and all(source in found for source in node.all_input_nodes):
            found.add(node)
    return frozenset(found)


def _longer(value: torch.Tensor, steps: Collection[int], extra: int) -> torch.Tensor:
    """Repeat the first rows of a parameter along the first axis that is as long as the run has steps."""
    for axis, size in enumerate(value.shape):
        if size in steps:
            value = torch.cat([value, value.narrow(axis, 0, extra)], axis)
            break
    return value


def _stacked(results: list[Any]) -> Any:
    """Join the results of all steps: tensors along a new first axis, also inside tuples; sizes are always the same."""
    if isinstance(results[0], tuple) and any(torch.is_tensor(part) for part in results[0]):
        return tuple(_stacked(list(parts)) for parts in zip(*results, strict=True))
    return torch.stack(results) if torch.is_tensor(results[0]) else results[0]


@dataclass(frozen=True, eq=False)
class Measured:
    """What the runs of a traced module showed.

    Attributes:
        layouts: Axes of every tensor value.
        values: Value of every node on the example.
        wider: The same with one sample more.
    """

    layouts: Mapping[fx.Node, Layout]
    values: Mapping[fx.Node, Any]
    wider: Mapping[fx.Node, Any]


def measure(module: fx.GraphModule, inputs: Mapping[str, Input]) -> Measured:
    """Find the axes of every tensor value by changing the number of steps and of samples.

    Args:
        module: The traced module.
        inputs: Examples for the placeholders.
    """
    steps = {one.example.shape[0] for one in inputs.values() if one.timed}
    steps = steps or {int(node.args[1]) for node in module.graph.nodes if node.target is hold}
    base = _run(module, inputs, steps, (0, 0))
    longer, wider = _run(module, inputs, steps, (1, 0), base), _run(module, inputs, steps, (0, 1))
    found = {n: _layout(v, longer.get(n), wider.get(n), steps) for n, v in base.items() if torch.is_tensor(v)}
    return Measured(found, base, wider)


def _run(
    module: fx.GraphModule,
    inputs: Mapping[str, Input],
    steps: Collection[int],
    extra: tuple[int, int],
    base: Mapping[fx.Node, Any] | None = None,
) -> dict[fx.Node, Any]:
    interpreter = RasterInterpreter(module, steps, extra, base)
    names = [str(node.target) for node in module.graph.nodes if node.op == "placeholder"]
    interpreter.run(*(inputs[name].resized(*extra) for name in names))
    return interpreter.values


def _layout(value: torch.Tensor, longer: Any, wider: Any, steps: Collection[Any]) -> Layout:
    time = _changed(value, longer)
    batch = _changed(value, wider)
    features = tuple(size for axis, size in enumerate(value.shape) if axis not in (*time, *batch))
    raster = (time, batch) == ([0], [1]) and value.shape[0] in steps
    return Layout(features, bool(time), raster or (time, batch) in (([], [0]), ([], [])), bool(batch))


def _changed(value: torch.Tensor, other: torch.Tensor) -> list[int]:
    return [axis for axis, sizes in enumerate(zip(value.shape, other.shape, strict=True)) if sizes[0] != sizes[1]]
