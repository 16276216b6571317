"""The edges of a NIR graph: between nodes that exist, once each, and on the way from an Input to an Output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import networkx as nx

from neurotool.converters.nir.contents import Contents
from neurotool.diagnostics import Diagnostic

_RULE = "NT-NIR-005"


def structure_errors(contents: Contents) -> list[Diagnostic]:
    """List what is wrong with the edges of a graph."""
    return [*_links(contents), *_ends(contents), *_paths(contents)]


def _links(contents: Contents) -> Iterator[Diagnostic]:
    for (source, target), count in Counter(contents.links).items():
        edge = f"{source} -> {target}"
        missing = [end for end in (source, target) if end not in contents.nodes]
        if missing:
            message = f"edge {edge} names {' and '.join(missing)}, which the file does not hold"
            yield contents.error(_RULE, "", message, found=edge)
        if count > 1:
            fix = "keep one edge, and double the weights if the input is meant to count twice"
            yield contents.error(_RULE, "", f"edge {edge} is there {count} times", found=edge, limit="once", fix=fix)


def _ends(contents: Contents) -> Iterator[Diagnostic]:
    for kind in ("Input", "Output"):
        if not _of_type(contents, kind):
            yield contents.error(_RULE, "", f"the graph has no {kind} node", fix=f"add a nir.{kind} and its edge")
    for name in _of_type(contents, "Input"):
        if contents.sources(name):
            yield contents.error(_RULE, name, f"{', '.join(contents.sources(name))} leads into this Input")
    for name in _of_type(contents, "Output"):
        if contents.targets(name):
            yield contents.error(_RULE, name, f"{', '.join(contents.targets(name))} follows on this Output")


def _paths(contents: Contents) -> Iterator[Diagnostic]:
    graph = contents.networkx()
    inputs, outputs = _of_type(contents, "Input"), _of_type(contents, "Output")
    fed = set(inputs).union(*(nx.descendants(graph, name) for name in inputs))
    used = set(outputs).union(*(nx.ancestors(graph, name) for name in outputs))
    for name in contents.nodes:
        if inputs and name not in fed:
            yield contents.error(_RULE, name, "is not connected: no path leads to it from an Input")
        elif outputs and name not in used:
            yield contents.error(_RULE, name, "is not connected: no path leads from it to an Output")


def _of_type(contents: Contents, kind: str) -> list[str]:
    return [name for name in contents.nodes if contents.type_of(name) == kind]
