"""Joins operations that pass something else than one tensor into one operation.

A node of the graph has one tensor as its value. A size (``x.shape[0]``), the pair that an LSTM returns or the parts of
a split are computed inside the operation that uses them.
"""

from __future__ import annotations

from collections.abc import Collection

from torch import fx

from neurotool.converters.torch.tracer import STEPPED


def fuse(
    module: fx.GraphModule, node: fx.Node, known: Collection[fx.Node], constants: Collection[fx.Node]
) -> tuple[fx.GraphModule, tuple[fx.Node, ...], bool]:
    """Join a node with everything that it needs and that is no node of the graph.

    Args:
        module: The traced module.
        node: Node whose value is a tensor.
        known: Nodes that have a value in the graph.
        constants: Nodes that depend on no input.

    Returns:
        A module that computes the node, the nodes whose values it takes in order, and whether some of what it holds
        runs step by step and some does not.
    """
    inside = _inside(node, known)
    operands = tuple(dict.fromkeys(i for n in inside for i in n.all_input_nodes if i in known))
    graph = fx.Graph()
    copies = {operand: graph.placeholder(f"value_{number}") for number, operand in enumerate(operands)}
    for inner in inside:
        copies[inner] = graph.node_copy(inner, copies.__getitem__)
    graph.output(copies[node])
    calls = [n for n in inside if n not in constants]
    return fx.GraphModule(module, graph), operands, len({n.meta[STEPPED] for n in calls}) > 1


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
