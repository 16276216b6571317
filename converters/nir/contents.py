"""The contents of a NIR file, before anything is believed about its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import networkx as nx

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.rules import RULES

Fields = Mapping[str, Any]
Link = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Contents:
    """A NIR graph as fields, with all inner graphs opened.

    ``nir.read`` stops at the first node that it cannot build, without its name; this keeps all nodes, so that all
    mistakes can be listed, and so that single parameters can be given the shape of their population.

    Attributes:
        file: Name of the file, for messages.
        nodes: Fields of each node, by node name; ``type`` is among them. Nodes of inner graphs are ``outer.inner``.
        links: (source, target) of each edge, in the order of the file.
        metadata: Metadata of the outermost graph.
        ports: Input and Output nodes of inner graphs.
        errors: What is wrong with the inner graphs and with edges to and from them.
        severed: Whether an edge was dropped because an inner graph has no port for it, so that paths say nothing.
    """

    file: str
    nodes: Mapping[str, Fields]
    links: tuple[Link, ...]
    metadata: Fields
    ports: frozenset[str] = frozenset()
    errors: list[Diagnostic] = field(default_factory=list)
    severed: bool = False

    def type_of(self, name: str) -> str:
        """Type of a node as the file has it; empty if it has none."""
        kind = self.nodes[name].get("type")
        return kind if isinstance(kind, str) else ""

    def origin(self, name: str) -> str:
        """Where a node comes from, for :attr:`neurotool.ir.graph.Node.origin`."""
        return f"{name} ({self.type_of(name) or 'no type'} in {self.file})"

    @cached_property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """Nodes that each node feeds, in the order of the edges."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in self.links:
            if source in found:
                found[source].append(target)
        return {name: tuple(targets) for name, targets in found.items()}

    def networkx(self) -> nx.DiGraph[str]:
        """Connectivity between the nodes that exist, in the order of the edges."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_edges_from((a, b) for a, b in self.links if a in self.nodes and b in self.nodes)
        graph.add_nodes_from(self.nodes)
        return graph

    def error(
        self, rule: str, name: str, message: str, *, found: str = "", limit: str = "", fix: str = ""
    ) -> Diagnostic:
        """Make a finding about a node of the file.

        Args:
            rule: The rule that is broken.
            name: The node; empty for the whole graph.
            message: Goes on after the name of the node.
            found: What the file holds.
            limit: What it may hold.
            fix: What to do; that of the rule if empty.
        """
        known = name in self.nodes
        return Diagnostic(
            rule,
            Severity.ERROR,
            name,
            f"{name}: {message}" if name else message,
            found=found,
            limit=limit,
            fix=fix or RULES[rule].rewrite,
            origin=self.origin(name) if known else self.file,
        )
