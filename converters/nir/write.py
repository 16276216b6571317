"""Writes a float graph as a NIR file."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from pathlib import Path
from typing import Any

import nir
import numpy as np

from neurotool.converters.nir.edges import longer_delay, written_edges
from neurotool.converters.nir.file import write_root
from neurotool.converters.nir.metadata import metadata_of
from neurotool.converters.nir.support import CONVOLUTIONS, PER_NEURON, TYPES
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.atomic_file import replacing
from neurotool.ir.graph import Graph, Node, Shape, TorchOp

_RULE = "NT-NIR-008"


def write(graph: Graph, path: Path) -> None:
    """Write a graph so that ``nir.read`` and this converter read it back; the file appears whole or not at all.

    Time step, convention, input kinds, the order of the nodes and the version of neurotool go into the metadata of the
    graph. Updates of a discretised graph are not written: they follow from the parameters. Delays of edges are written
    as :mod:`neurotool.converters.nir.edges` says.

    ``nir.read`` 1.0.8 checks types by default and is wrong about convolutions in groups and kernels and strides that
    are not square; a graph with these is read with ``type_check=False``.

    Args:
        graph: A float graph that holds NIR nodes only.
        path: File to write; an old one is replaced.

    Raises:
        UnsupportedError: The graph holds something that the format has no room for; ``diagnostics`` lists all of it.
        UsageError: The file cannot be written.
    """
    if refused := _refusals(graph):
        names = ", ".join(dict.fromkeys(d.node for d in refused))
        raise UnsupportedError(f"{path}: cannot hold this graph because of {names}", diagnostics=refused)
    edges = written_edges(graph)
    nodes = {name: _storable(node, graph, edges.longer) for name, node in graph.nodes.items()}
    with replacing(path) as staged:
        metadata = metadata_of(graph, tuple(edges.delays))
        write_root(staged, nodes | dict(edges.delays), edges.links, metadata)


def _refusals(graph: Graph) -> list[Diagnostic]:
    found = []
    for node in graph.nodes.values():
        if isinstance(node.op, TorchOp) or node.type_name not in TYPES:
            fix = "keep it in a dense part"
            found.append(_refusal(node, f"{node.name}: NIR has no node for {node.type_name}", node.type_name, fix))
        if "/" in node.name or not node.name.strip("."):
            message = f"{node.name!r}: NIR files cannot hold a node of this name"
            found.append(_refusal(node, message, node.name, "rename the module"))
    return found


def _refusal(node: Node, message: str, found: str, fix: str) -> Diagnostic:
    return Diagnostic(_RULE, Severity.ERROR, node.name, message, found=found, fix=fix, origin=node.origin)


def _storable(node: Node, graph: Graph, longer: Collection[str]) -> nir.NIRNode:
    """Give the node what the format asks for: parameters with axes, and reshapes that know their input."""
    op = node.op
    if isinstance(op, nir.Flatten):
        taken = np.array(graph.incoming(node.name)[0].shape)
        return nir.Flatten({"input": taken}, start_dim=op.start_dim, end_dim=op.end_dim, metadata=op.metadata)
    if isinstance(op, CONVOLUTIONS):
        sizes = graph.incoming(node.name)[0].shape[1:]
        bias = np.zeros(len(op.weight), op.weight.dtype) if op.bias is None else op.bias
        return dataclasses.replace(op, input_shape=sizes[0] if len(sizes) == 1 else sizes, bias=bias)
    if node.name in longer:
        return longer_delay(op, graph)
    return _spread(op, node.shape) if isinstance(op, PER_NEURON) else op


def _spread(op: Any, shape: Shape) -> nir.NIRNode:
    names = [f.name for f in dataclasses.fields(op) if f.init and f.name != "metadata"]
    full = {name: np.array(np.broadcast_to(getattr(op, name), shape)) for name in names}
    return type(op)(**full, metadata=op.metadata)
