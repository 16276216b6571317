"""Opens the graphs inside a graph: their nodes get the names ``outer.inner``, their Inputs and Outputs become ports.

An edge to or from an inner graph means its only Input or Output; where it has several, the edge names the port, as in
``graph.port``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from neurotool.converters.nir.contents import Contents, Fields, Link
from neurotool.converters.nir.support import ENDS, GRAPH
from neurotool.errors import UsageError

_INPUT, _OUTPUT = "Input", "Output"
_ENDS = tuple(t.__name__ for t in ENDS)


def open_graph(file: str, root: Fields) -> Contents:
    """Open a graph and all graphs inside it.

    Args:
        file: Name of the file, for messages.
        root: Fields of the outermost graph.

    Raises:
        UsageError: The outermost graph has no nodes or edges; what is wrong with inner graphs is listed in the result.
    """
    metadata = root.get("metadata", {})
    opened = _Opened(file)
    try:
        opened.add("", root)
    except ValueError as error:
        raise UsageError(f"{file}: is not a valid NIR graph: {error}") from None
    return Contents(
        file,
        opened.nodes,
        tuple(opened.links),
        metadata if isinstance(metadata, dict) else {},
        frozenset(port for ends in opened.ends.values() for names in ends.values() for port in names),
        opened.contents.errors,
        opened.severed,
    )


class _Opened:
    def __init__(self, file: str) -> None:
        self.nodes: dict[str, Fields] = {}
        self.links: list[Link] = []
        self.ends: dict[str, dict[str, list[str]]] = {}
        self.severed = False
        self.contents = Contents(file, self.nodes, (), {})

    def add(self, graph: str, fields: Fields) -> None:
        """Add the nodes and edges of a graph, then those of the graphs inside.

        Raises:
            ValueError: Its nodes or edges are missing or damaged.
        """
        nodes = fields.get("nodes")
        if not isinstance(nodes, dict) or not all(isinstance(inner, dict) for inner in nodes.values()):
            raise ValueError("its nodes are missing or damaged")
        links = _links(fields.get("edges"))
        prefix = f"{graph}." if graph else ""
        inside = {prefix + name: inner for name, inner in nodes.items()}
        graphs = {name: inner for name, inner in inside.items() if _type(inner) == GRAPH}
        self._claim(graph, inside)
        self.ends |= {name: {_INPUT: [], _OUTPUT: []} for name in graphs}
        self.nodes.update((name, inner) for name, inner in inside.items() if name not in graphs)
        for name, inner in inside.items() if graph else ():
            if _type(inner) in _ENDS:
                self.ends[graph][_type(inner)].append(name)
        for name, inner in graphs.items():
            try:
                self.add(name, inner)
            except ValueError as error:
                message, limit = f"is not a valid NIR graph: {error}", "nodes, and edges as pairs of names"
                self._error("NT-NIR-004", name, message, found=str(error), limit=limit)
        self._connect(graph, inside, [(prefix + a, prefix + b) for a, b in links])

    def _claim(self, graph: str, names: Iterable[str]) -> None:
        for name in names:
            if name in self.nodes or name in self.ends:
                message = f"two nodes have this name, one of them inside the graph {graph}"
                fix = "rename one of them: the nodes of an inner graph are called graph.node"
                self._error("NT-NIR-010", name, message, found="two nodes", limit="one node", fix=fix)

    def _connect(self, graph: str, inside: Mapping[str, Fields], links: list[Link]) -> None:
        kinds = {name: _type(inner) for name, inner in inside.items()}
        for source, target in links:
            edge = f"{source} -> {target}"
            if kinds.get(target) == _INPUT:
                limit = "no edge into an Input"
                self._error("NT-NIR-005", target, f"{source} leads into this Input", found=edge, limit=limit)
            if kinds.get(source) == _OUTPUT:
                limit = "no edge out of an Output"
                self._error("NT-NIR-005", source, f"{target} follows on this Output", found=edge, limit=limit)
            starts, stops = self._port(source, _OUTPUT, edge), self._port(target, _INPUT, edge)
            self.links += [(a, b) for a in starts for b in stops]

    def _port(self, name: str, kind: str, edge: str) -> list[str]:
        """Return the node that an end of an edge means: itself, or the port of an inner graph."""
        if name not in self.ends:
            return [name]
        found = self.ends[name][kind]
        if not found:
            self.severed = True
            fix = f"add a nir.{kind} to the inner graph"
            message, limit = f"has no {kind} node for the edge {edge}", f"at least one {kind}"
            self._error("NT-NIR-005", name, message, found="none", limit=limit, fix=fix)
        elif len(found) > 1:
            message = f"has several {kind} nodes, and the edge {edge} does not say which one it means"
            fix = f"write the port into the edge: {found[0]}"
            self._error("NT-NIR-010", name, message, found=", ".join(found), limit=f"one {kind}", fix=fix)
        return found

    def _error(self, rule: str, name: str, message: str, *, found: str = "", limit: str = "", fix: str = "") -> None:
        self.contents.errors.append(self.contents.error(rule, name, message, found=found, limit=limit, fix=fix))


def _type(fields: Fields) -> str:
    kind = fields.get("type")
    return kind if isinstance(kind, str) else ""


def _links(edges: Any) -> list[Link]:
    listed = np.asarray(edges)
    if edges is not None and listed.size == 0:
        return []
    if listed.ndim != 2 or listed.shape[1] != 2:
        raise ValueError("its edges are missing or no pairs of names")
    try:
        return [(_text(a), _text(b)) for a, b in listed]
    except (UnicodeDecodeError, TypeError):
        raise ValueError("its edges hold something else than names") from None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf8")
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no text")
