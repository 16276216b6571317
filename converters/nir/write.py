"""Writes a float graph as a NIR file."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import nir
import numpy as np

from neurotool.converters.nir.metadata import metadata_of
from neurotool.converters.nir.support import NEURONS, TYPES
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.graph import Graph, Node, Shape, TorchOp
from neurotool.ir.staging import replace, staging

_RULE = "NT-NIR-008"


def write(graph: Graph, path: Path) -> None:
    """Write a graph so that ``nir.read`` and this converter read it back; the file appears whole or not at all.

    Time step, convention, input kinds and the version of neurotool go into the metadata of the graph. Updates of a
    discretised graph are not written: they follow from the parameters.

    Args:
        graph: A float graph that holds NIR nodes only.
        path: File to write; an old one is replaced.

    Raises:
        UnsupportedError: The graph holds something that the format has no room for; ``diagnostics`` lists all of it.
        UsageError: The file cannot be written.
    """
    if refused := [*_node_refusals(graph), *_edge_refusals(graph)]:
        names = ", ".join(dict.fromkeys(d.node for d in refused))
        raise UnsupportedError(f"{path}: cannot hold this graph because of {names}", diagnostics=refused)
    nodes = {name: _storable(node, graph) for name, node in graph.nodes.items()}
    links = [(e.source, e.target) for e in sorted(graph.edges, key=lambda e: e.argument)]
    # Types need no check: the shapes of the graph were checked where it was made.
    content = nir.NIRGraph(nodes, links, metadata=metadata_of(graph), type_check=False)
    try:
        with staging(path.parent, path.name) as folder:
            nir.write(folder / path.name, content)
            replace(folder / path.name, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def _node_refusals(graph: Graph) -> list[Diagnostic]:
    found = []
    for node in graph.nodes.values():
        if isinstance(node.op, TorchOp) or node.type_name not in TYPES:
            fix = "keep it in a dense part"
            found.append(_refusal(node, f"{node.name}: NIR has no node for {node.type_name}", node.type_name, fix))
        if "/" in node.name or not node.name.strip("."):
            message = f"{node.name!r}: NIR files cannot hold a node of this name"
            found.append(_refusal(node, message, node.name, "rename the module"))
    return found


def _edge_refusals(graph: Graph) -> list[Diagnostic]:
    found = []
    for (source, target), count in Counter((e.source, e.target) for e in graph.edges).items():
        if count > 1:
            message = f"{target}: NIR files hold one edge from {source}, not {count}"
            fix = "double the weights instead"
            found.append(_refusal(graph.nodes[target], message, f"{count} edges", fix))
    return found


def _refusal(node: Node, message: str, found: str, fix: str) -> Diagnostic:
    return Diagnostic(_RULE, Severity.ERROR, node.name, message, found=found, fix=fix, origin=node.origin)


def _storable(node: Node, graph: Graph) -> nir.NIRNode:
    """Give the node what the format asks for: parameters with axes, and a Flatten that knows its input."""
    op = node.op
    if isinstance(op, nir.Flatten):
        taken = np.array(graph.incoming(node.name)[0].shape)
        return nir.Flatten({"input": taken}, start_dim=op.start_dim, end_dim=op.end_dim, metadata=op.metadata)
    return _spread(op, node.shape) if isinstance(op, (*NEURONS, nir.Scale)) else op


def _spread(op: Any, shape: Shape) -> nir.NIRNode:
    names = [f.name for f in dataclasses.fields(op) if f.init and f.name != "metadata"]
    full = {name: np.array(np.broadcast_to(getattr(op, name), shape)) for name in names}
    return type(op)(**full, metadata=op.metadata)
