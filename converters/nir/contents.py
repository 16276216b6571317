"""The raw contents of a NIR file, before anything is believed about its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import networkx as nx
import numpy as np
from nir.serialization import hdf2dict

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UsageError

Fields = Mapping[str, Any]
Link = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Contents:
    """A NIR graph as fields.

    ``nir.read`` stops at the first node that it cannot build, without its name; this keeps all nodes, so that all
    mistakes can be listed, and so that parameters without axes can be given the shape of their population.

    Attributes:
        file: Name of the file, for messages.
        nodes: Fields of each node, by node name; ``type`` is among them.
        links: (source, target) of each edge, in the order of the file.
        metadata: Metadata of the graph.
    """

    file: str
    nodes: Mapping[str, Fields]
    links: tuple[Link, ...]
    metadata: Fields

    def type_of(self, name: str) -> str:
        """Type of a node as the file has it; empty if it has none."""
        kind = self.nodes[name].get("type")
        return kind if isinstance(kind, str) else ""

    def origin(self, name: str) -> str:
        """Where a node comes from, for :attr:`neurotool.ir.graph.Node.origin`."""
        return f"{name} ({self.type_of(name) or 'no type'} in {self.file})"

    def sources(self, name: str) -> tuple[str, ...]:
        """Nodes that feed a node, in the order of the edges."""
        return tuple(a for a, b in self.links if b == name)

    def targets(self, name: str) -> tuple[str, ...]:
        """Nodes that a node feeds, in the order of the edges."""
        return tuple(b for a, b in self.links if a == name)

    def networkx(self) -> nx.DiGraph[str]:
        """Connectivity between the nodes that exist, in the order of the edges."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_edges_from((a, b) for a, b in self.links if a in self.nodes and b in self.nodes)
        graph.add_nodes_from(self.nodes)
        return graph

    def error(
        self, rule: str, name: str, message: str, *, found: str = "", limit: str = "", fix: str = ""
    ) -> Diagnostic:
        """Make a finding about a node of the file; ``message`` goes on after the name of the node."""
        known = name in self.nodes
        return Diagnostic(
            rule,
            Severity.ERROR,
            name,
            f"{name}: {message}" if name else message,
            found=found,
            limit=limit,
            fix=fix,
            origin=self.origin(name) if known else self.file,
        )


def read_contents(path: Path) -> Contents:
    """Read a NIR file without judging its nodes.

    Raises:
        UsageError: It is no HDF5 file, damaged, or holds something else than a NIR graph.
    """
    if not h5py.is_hdf5(path):
        raise UsageError(f"{path}: is not an HDF5 file, and so not a NIR file", hint="NIR files are made by nir.write")
    try:
        with h5py.File(path, "r") as file:
            # A file that is no NIR graph may hold anything, so look before reading all of it.
            root = hdf2dict(file["node"]) if isinstance(file.get("node"), h5py.Group) else None
    except Exception as error:  # h5py and nir raise many types on damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path}: is damaged: {reason}", hint="copy or export the file again") from None
    if root is None:
        raise UsageError(f"{path}: is an HDF5 file but holds no NIR graph", hint="NIR files are made by nir.write")
    return _graph(path, root)


def _graph(path: Path, root: dict[str, Any]) -> Contents:
    if root.get("type") != "NIRGraph":
        raise UsageError(
            f"{path}: holds {_shown(root.get('type'))}, not a NIRGraph",
            hint="put a single node into a graph with Input and Output: nir.NIRGraph.from_list",
        )
    nodes, metadata = root.get("nodes"), root.get("metadata", {})
    if not isinstance(nodes, dict) or not all(isinstance(fields, dict) for fields in nodes.values()):
        raise UsageError(f"{path}: is not a valid NIR graph: its nodes are missing or damaged")
    return Contents(path.name, nodes, _links(path, root.get("edges")), metadata if isinstance(metadata, dict) else {})


def _links(path: Path, edges: Any) -> tuple[Link, ...]:
    listed = np.asarray(edges)
    if edges is not None and listed.size == 0:
        return ()
    if listed.ndim != 2 or listed.shape[1] != 2:
        raise UsageError(f"{path}: is not a valid NIR graph: its edges are missing or no pairs of names")
    try:
        return tuple((_text(a), _text(b)) for a, b in listed)
    except (UnicodeDecodeError, TypeError):
        raise UsageError(f"{path}: is not a valid NIR graph: its edges hold something else than names") from None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf8")
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no text")


def _shown(kind: Any) -> str:
    return f"a single {kind}" if isinstance(kind, str) else "no node type"
