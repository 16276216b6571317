"""A graph as one torch module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import nir
import torch
from torch import nn

from neurotool.errors import UnsupportedError
from neurotool.ir.graph import NEURON_TYPES, Graph, Node, TorchOp
from neurotool.targets.gpu.loop import Extent, Member, run_loop
from neurotool.targets.gpu.neuron import Neuron, NeuronStep, Observer
from neurotool.targets.gpu.operations import TorchCall, operation
from neurotool.targets.gpu.order import evaluation_order
from neurotool.targets.gpu.timing import Delay, wait

StepObserver = Callable[[str, NeuronStep], None]
"""Called with the name of a population after each of its steps."""

NodeDone = Callable[[int, int], None]
"""Called with (done, total) nodes."""


class GraphModule(nn.Module):
    """Evaluates a discretised graph node by node, each on the whole raster; neurons step over time.

    The nodes of a loop step over time together. Weights are float32 parameters and gradients flow through spikes, so
    the module can also be trained. Modules of the user are copied, in evaluation mode.

    Args:
        graph: The graph; its neuron nodes hold their update.

    Raises:
        UnsupportedError: The graph has a loop without delay, or a node that torch cannot run here.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        compute = [n for n in graph.nodes.values() if not isinstance(n.op, nir.Input | nir.Output)]
        self.index = {node.name: index for index, node in enumerate(compute)}
        self.groups = [group for group in evaluation_order(graph) if group.names[0] in self.index]
        memo: dict[int, Any] = {}
        self.steps = nn.ModuleList(module_of(graph, node, memo) for node in compute)
        self.float().eval()

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Map the values of ``graph.inputs`` to those of ``graph.outputs``, both in order."""
        values = self.evaluate(dict(zip(self.graph.inputs, inputs, strict=True)))
        return tuple(values[name] for name in self.graph.outputs)

    def evaluate(
        self,
        inputs: Mapping[str, torch.Tensor],
        observe: StepObserver | None = None,
        done: NodeDone | None = None,
        keep: Collection[str] = (),
    ) -> dict[str, torch.Tensor]:
        """Compute the outputs and the nodes in ``keep``; other values are dropped after their last use.

        Args:
            inputs: Value of every input node.
            observe: Sees every step of every population.
            done: Told of progress.
            keep: Nodes whose value is wanted besides the outputs.
        """
        values = dict(inputs)
        uses = Counter(e.source for e in self.graph.edges)
        finished = 0
        for group in self.groups:
            if group.loop:
                values |= self._loop(group.names, values, inputs, observe)
            else:
                values[group.names[0]] = self._node(group.names[0], values, observe)
            for edge in (e for name in group.names for e in self.graph.incoming(name)):
                uses[edge.source] -= 1
                if not uses[edge.source] and edge.source not in keep:
                    del values[edge.source]
            finished += len(group.names)
            if done is not None:
                done(finished, len(self.index))
        ends = {name: added(self.graph.nodes[name], self._operands(name, values)) for name in self.graph.outputs}
        return {name: values[name] for name in keep} | ends

    def _operands(self, name: str, values: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        return [wait(values[e.source], e.delay) for e in self.graph.incoming(name)]

    def _node(self, name: str, values: Mapping[str, torch.Tensor], observe: StepObserver | None) -> torch.Tensor:
        call: Callable[..., torch.Tensor] = self.steps[self.index[name]]
        if isinstance(call, Neuron):
            call = partial(call, observe=_watch(name, observe))
        return call_node(self.graph.nodes[name], call, self._operands(name, values))

    def _loop(
        self,
        names: Sequence[str],
        values: Mapping[str, torch.Tensor],
        inputs: Mapping[str, torch.Tensor],
        observe: StepObserver | None,
    ) -> dict[str, torch.Tensor]:
        edges = {name: self.graph.incoming(name) for name in names}
        timed = [values[e.source] for found in edges.values() for e in found if e.timed and e.source not in edges]
        timed += [value for name, value in inputs.items() if self.graph.nodes[name].timed]
        if not timed:
            raise UnsupportedError(
                f"node {names[0]!r} lies in a loop, and no value tells how many time steps it runs",
                hint="connect an input with a time axis",
            )
        extent = Extent(timed[0].shape[0], timed[0].shape[1], timed[0])
        members = [Member(name, edges[name], self._stepper(name, observe)) for name in names]
        return run_loop(members, values, extent)

    def _stepper(self, name: str, observe: StepObserver | None) -> Callable[[Sequence[torch.Tensor]], torch.Tensor]:
        """Start a run of one node step by step."""
        node, module = self.graph.nodes[name], self.steps[self.index[name]]
        call: Callable[..., torch.Tensor] = module
        if isinstance(module, Neuron):
            call = module.stepper(_watch(name, observe))
        elif isinstance(module, Delay):
            call = module.stepper()
        elif isinstance(module, TorchCall):
            call = module.once
        return lambda operands: call_node(node, call, operands)


def _watch(name: str, observe: StepObserver | None) -> Observer | None:
    return None if observe is None else lambda step: observe(name, step)


def module_of(graph: Graph, node: Node, memo: dict[int, Any]) -> nn.Module:
    """Make the module of a node; ``memo`` holds the copies of user modules made so far."""
    if not isinstance(node.op, NEURON_TYPES):
        return operation(node, tuple(graph.nodes[e.source] for e in graph.incoming(node.name)), graph.dt, memo)
    if node.update is None:
        raise ValueError(f"neuron node {node.name!r} has no update: discretise the graph first")
    return Neuron(node.update, forgets=isinstance(node.op, nir.Threshold))


def call_node(node: Node, call: Callable[..., torch.Tensor], operands: Sequence[torch.Tensor]) -> torch.Tensor:
    """Run one node; a torch operation that fails is the model's fault and is reported with its node."""
    if not isinstance(node.op, TorchOp):
        return call(added(node, operands))
    try:
        value = call(*operands)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        shapes = ", ".join(str(tuple(operand.shape)) for operand in operands)
        raise UnsupportedError(
            f"node {node.name!r} ({node.type_name}) fails on input of shape {shapes}: {error}",
            hint=f"it comes from {node.origin}" if node.origin else None,
        ) from error
    if not isinstance(value, torch.Tensor):
        raise UnsupportedError(
            f"node {node.name!r} ({node.type_name}) gives a {type(value).__name__}, not one tensor",
            hint="let the operation return a single tensor",
        )
    return value


def added(node: Node, operands: Sequence[torch.Tensor]) -> torch.Tensor:
    """The input of a NIR node: several edges add up."""
    if not operands:
        raise UnsupportedError(f"node {node.name!r} has no input", hint="connect it or remove it")
    total = operands[0]
    for operand in operands[1:]:
        total = total + operand
    return total
