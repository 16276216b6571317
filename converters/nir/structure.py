"""The edges of a NIR graph: between nodes that exist, once each, and on the way from an Input to an Output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import networkx as nx

from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.loops import bare_loops
from neurotool.converters.nir.support import CARRIERS, ENDS, LINEAR, TYPES
from neurotool.diagnostics import Diagnostic

_RULE = "NT-NIR-005"


def structure_errors(contents: Contents) -> list[Diagnostic]:
    """List what is wrong with the edges of a graph."""
    paths = () if contents.severed else _paths(contents)
    return [*contents.errors, *_links(contents), *_ends(contents), *paths, *_loops(contents)]


def _links(contents: Contents) -> Iterator[Diagnostic]:
    for (source, target), count in Counter(contents.links).items():
        edge = f"{source} -> {target}"
        missing = [end for end in (source, target) if end not in contents.nodes]
        if missing:
            message = f"edge {edge} names {' and '.join(missing)}, which the file does not hold"
            limit, fix = "nodes of the file", "remove the edge, or add the node"
            yield contents.error(_RULE, "", message, found=edge, limit=limit, fix=fix)
        if count > 1:
            fix = "keep one edge, and double the weights if the input is meant to count twice"
            yield contents.error(_RULE, "", f"edge {edge} is there {count} times", found=edge, limit="once", fix=fix)


def _ends(contents: Contents) -> Iterator[Diagnostic]:
    for kind in ("Input", "Output"):
        if not _of_type(contents, kind):
            limit, fix = f"at least one {kind}", f"add a nir.{kind} and its edge"
            yield contents.error(_RULE, "", f"the graph has no {kind} node", found="none", limit=limit, fix=fix)


def _paths(contents: Contents) -> Iterator[Diagnostic]:
    graph = contents.networkx()
    inputs, outputs = _of_type(contents, "Input"), _of_type(contents, "Output")
    fed = set(inputs).union(*(nx.descendants(graph, name) for name in inputs))
    used = set(outputs).union(*(nx.ancestors(graph, name) for name in outputs))
    for name in contents.nodes:
        if inputs and name not in fed:
            message, fix = "is not connected: no path leads to it from an Input", "add the edge that feeds it"
            yield contents.error(_RULE, name, message, found="no path", limit="a path", fix=fix)
        elif outputs and name not in used:
            message, fix = "is not connected: no path leads from it to an Output", "add an edge, or remove the node"
            yield contents.error(_RULE, name, message, found="no path", limit="a path", fix=fix)


def _loops(contents: Contents) -> Iterator[Diagnostic]:
    """List the loops without a neuron. A node of an unknown type may be one, so it counts as such."""
    passive = {name for name in contents.nodes if TYPES.get(contents.type_of(name)) in (*LINEAR, *CARRIERS, *ENDS)}
    for loop in bare_loops(contents.links, passive):
        listing = ", ".join(loop)
        limit, fix = "a neuron in every loop", "lead the loop through a population, or write it as an LI or I node"
        message = f"is in a loop without a neuron: {listing}"
        yield contents.error("NT-NIR-002", loop[0], message, found=listing, limit=limit, fix=fix)


def _of_type(contents: Contents, kind: str) -> list[str]:
    """Ends of the outermost graph."""
    return [name for name in contents.nodes if contents.type_of(name) == kind and name not in contents.ports]
