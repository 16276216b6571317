"""Joins operations that pass something else than one tensor into one operation.

A node of the graph has one tensor as its value. A size (``x.shape[0]``), the pair that an LSTM returns or the parts of
a split are computed inside the operation that uses them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from torch import fx

from neurotool.converters.torch.tracer import STEPPED


@dataclass(frozen=True, eq=False)
class Fused:
    """Several operations as one.

    Attributes:
        module: Computes the last of them.
        operands: Nodes whose values it takes, in order.
        calls: What it computes from them, in the order of the trace; the last one is the node itself.
    """

    module: fx.GraphModule
    operands: tuple[fx.Node, ...]
    calls: tuple[fx.Node, ...]

    @property
    def mixed(self) -> bool:
        """Whether some of the calls run step by step and some do not."""
        return len({call.meta[STEPPED] for call in self.calls}) > 1


def fuse(module: fx.GraphModule, node: fx.Node, known: Collection[fx.Node], constants: Collection[fx.Node]) -> Fused:
    """Join a node with everything that it needs and that is no node of the graph.

    Args:
        module: The traced module.
        node: Node whose value is a tensor.
        known: Nodes that have a value in the graph.
        constants: Nodes that depend on no input.
    """
    inside = _inside(node, known)
    operands = tuple(dict.fromkeys(i for n in inside for i in n.all_input_nodes if i in known))
    graph = fx.Graph()
    copies = {operand: graph.placeholder(f"value_{number}") for number, operand in enumerate(operands)}
    for inner in inside:
        copies[inner] = graph.node_copy(inner, copies.__getitem__)
    graph.output(copies[node])
    calls = tuple(n for n in inside if n not in constants)
    return Fused(fx.GraphModule(module, graph), operands, calls)


def _inside(node: fx.Node, known: Collection[fx.Node]) -> list[fx.Node]:
    """Nodes to compute, in the order of the trace."""
    found = {node}
    waiting = [node]
    while waiting:
        for source in waiting.pop().all_input_nodes:
            if source not in found and source not in known:
                found.add(source)
                waiting.append(source)
    return [n for n in node.graph.nodes if n in found]
