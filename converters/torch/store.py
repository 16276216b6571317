"""The graph while it is made: nodes and edges so far, and which node of the trace each stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import fx

from neurotool.converters.torch.interpret import Layout, Measured
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.graph import Edge, Graph, Node, edge_from
from neurotool.ir.values import TimeScope, ValueKind


@dataclass
class GraphStore:
    """Nodes, edges and findings.

    Attributes:
        module: The traced module.
        measured: Axes and example values of every node of the trace.
        kinds: Meaning of each input of the model.
        stepped: Whether the caller of the model steps it through time.
        refused: Paths of neurons that are refused already; what follows them is not looked at.
        problems: Findings that refuse the model.
        nodes: Nodes made so far.
        edges: Edges made so far.
        names: Graph node that stands for an fx node.
        late: fx nodes that stand for the value that another one had in the step before.
        waiting: Edges that will wait a step: (fx node in ``late``, target, argument).
        states: fx nodes that hold the state of a neuron, which must not be used.
    """

    module: fx.GraphModule
    measured: Measured
    kinds: Mapping[str, ValueKind]
    stepped: bool
    refused: frozenset[str] = frozenset()
    problems: list[Diagnostic] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    names: dict[fx.Node, str] = field(default_factory=dict)
    late: dict[fx.Node, fx.Node] = field(default_factory=dict)
    waiting: list[tuple[fx.Node, str, int]] = field(default_factory=list)
    states: set[fx.Node] = field(default_factory=set)

    @property
    def layouts(self) -> Mapping[fx.Node, Layout]:
        """Axes of every tensor value."""
        return self.measured.layouts

    def _close_loops(self) -> None:
        """Make the edges that carry the value of the step before."""
        for source, target, argument in self.waiting:
            self.edges.append(edge_from(self.nodes[self.names[self.late[source]]], target, argument, delay=1))

    def _alias(self, node: fx.Node, source: fx.Node) -> None:
        """Let a node stand for the same value as another one."""
        self.names[node] = self.names[source]
        if source in self.late:
            self.late[node] = self.late[source]

    def _add(
        self, node: fx.Node, name: str, op: Any, kind: ValueKind, scope: TimeScope, origin: str,
        sources: tuple[fx.Node, ...], layout: Layout | None = None,
    ) -> None:  # fmt: skip
        layout = layout or self.layouts[node]
        self.names[node] = name
        self.nodes[name] = Node(name, op, layout.features, kind, layout.timed, scope, origin)
        for argument, source in enumerate(sources):
            if source in self.late:
                self.waiting.append((source, name, argument))
            else:
                self.edges.append(edge_from(self.nodes[self.names[source]], name, argument))

    def _refuse(self, rule: str, name: str, message: str, found: str, fix: str, origin: str) -> None:
        self.problems.append(Diagnostic(rule, Severity.ERROR, name, message, found, "", fix, origin))

    def graph(self, dt: float, convention: Any, notes: tuple[str, ...]) -> Graph:
        """Return the finished graph."""
        return Graph(self.nodes, tuple(self.edges), dt, convention, notes)
