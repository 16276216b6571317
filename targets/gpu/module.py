"""A graph as one torch module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import nir
import torch
from torch import nn

from neurotool.errors import UnsupportedError
from neurotool.ir.graph import NEURON_TYPES, Graph, Node, TorchOp
from neurotool.targets.gpu.neuron import Neuron, NeuronStep
from neurotool.targets.gpu.operations import stateless

StepObserver = Callable[[str, NeuronStep], None]
"""Called with the name of a population after each of its steps."""

NodeDone = Callable[[int, int], None]
"""Called with (done, total) nodes."""


class GraphModule(nn.Module):
    """Evaluates a discretised graph node by node, each on the whole raster; neurons step over time.

    Weights are float32 parameters and gradients flow through spikes, so the module can also be trained. Modules of
    the user are copied, in evaluation mode.

    Args:
        graph: The graph; its neuron nodes hold their update.

    Raises:
        UnsupportedError: The graph has a cycle, or a node that torch cannot run here.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self.compute = tuple(n for n in graph.nodes.values() if not isinstance(n.op, nir.Input | nir.Output))
        _refuse_cycles(graph)
        memo: dict[int, Any] = {}
        self.steps = nn.ModuleList(_module(graph, node, memo) for node in self.compute)
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
        for index, (node, module) in enumerate(zip(self.compute, self.steps, strict=True)):
            operands = [values[e.source] for e in self.graph.incoming(node.name)]
            values[node.name] = _call(node, module, operands, observe)
            for edge in self.graph.incoming(node.name):
                uses[edge.source] -= 1
                if not uses[edge.source] and edge.source not in keep:
                    del values[edge.source]
            if done is not None:
                done(index + 1, len(self.compute))
        ends = {name: values[self.graph.incoming(name)[0].source] for name in self.graph.outputs}
        return {name: values[name] for name in keep} | ends


def _module(graph: Graph, node: Node, memo: dict[int, Any]) -> nn.Module:
    if not isinstance(node.op, NEURON_TYPES):
        return stateless(node, tuple(graph.nodes[e.source] for e in graph.incoming(node.name)), memo)
    if node.update is None:
        raise ValueError(f"neuron node {node.name!r} has no update: discretise the graph first")
    return Neuron(node.update)


def _call(node: Node, module: nn.Module, operands: list[torch.Tensor], observe: StepObserver | None) -> torch.Tensor:
    """Run one node; a torch operation that fails is the model's fault and is reported with its node."""
    if not isinstance(node.op, TorchOp):
        operands = [_sum(node, operands)]
    if isinstance(module, Neuron):
        watch = None if observe is None else lambda step: observe(node.name, step)
        result: torch.Tensor = module(*operands, watch)
        return result
    try:
        value = module(*operands)
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


def _sum(node: Node, operands: list[torch.Tensor]) -> torch.Tensor:
    """The input of a NIR node: several edges add up."""
    if not operands:
        raise UnsupportedError(f"node {node.name!r} has no input", hint="connect it or remove it")
    total = operands[0]
    for operand in operands[1:]:
        total = total + operand
    return total


def _refuse_cycles(graph: Graph) -> None:
    known: set[str] = set()
    for name in graph.nodes:
        late = [e.source for e in graph.incoming(name) if e.source not in known]
        if late:
            raise UnsupportedError(
                f"node {name!r} hears {late[0]!r}, which runs after it: recurrent connections are not supported",
                hint="unroll the recurrence or keep this part in the source framework",
            )
        known.add(name)
