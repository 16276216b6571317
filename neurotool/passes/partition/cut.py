"""Tags every node with the side it may be on, and groups the nodes of an assignment into parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

import nir

from neurotool.arrays import BoolArray
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.graph import NEURON_TYPES, Graph, Node
from neurotool.ir.partition import Part, Partition, Reason, Side
from neurotool.passes.partition.capability import PATH_TYPES, holds, obstacle
from neurotool.passes.partition.parts import Grouping, boundaries, loops
from neurotool.passes.partition.problem import CutProblem
from neurotool.passes.partition.search import everything
from neurotool.passes.partition.units import cut_problem, sides_of

Assignment = Sequence[bool] | BoolArray
"""For every unit, whether it is on the chip."""

Patterns = Mapping[str, Side] | Sequence[tuple[str, Side]]
"""Patterns of node names, and the side that each puts them on."""

Entry = Callable[[str], str]
"""Says why the value of a node cannot come onto the chip, or returns an empty string."""


@dataclass
class _Tags:
    sides: dict[str, Side] = field(default_factory=dict)
    reasons: dict[str, Reason] = field(default_factory=dict)

    def put(self, node: str, side: Side, rule: str, text: str) -> None:
        self.sides[node] = side
        self.reasons[node] = Reason(node, side, rule, text)


@dataclass(frozen=True, eq=False)
class Candidates:
    """What of a graph may go where.

    Attributes:
        graph: The graph.
        problem: The choice that is left.
        reasons: Why each node is where it is if everything that can run on the chip does.
    """

    graph: Graph
    problem: CutProblem
    reasons: Mapping[str, Reason]

    @cached_property
    def _grouping(self) -> Grouping:
        return Grouping(self.graph)

    def parts(self, on_chip: Assignment | None = None) -> tuple[Part, ...]:
        """Group the nodes of an assignment into parts; None puts everything on the chip that can run there."""
        return self._grouping.parts(self._settled(on_chip)[0])

    def partition(self, on_chip: Assignment | None = None, why: str = "") -> Partition:
        """The same with sides, reasons and boundaries.

        Args:
            on_chip: Side of every unit.
            why: Reason for what could run on the chip and does not.
        """
        sides, moved = self._settled(on_chip)
        split = {n: f"it feeds {fed}, which are in parts that run one after the other" for n, fed in moved.items()}
        reasons = [
            reason if reason.side is sides[name] else
            Reason(name, sides[name], *(("NT-PART-003", split[name]) if name in split else ("NT-PART-010", why)))
            for name, reason in self.reasons.items()
        ]  # fmt: skip
        grouped = self._grouping.parts(sides)
        return Partition(self.graph, sides, tuple(reasons), grouped, boundaries(self.graph, grouped))

    def _settled(self, on_chip: Assignment | None) -> tuple[dict[str, Side], dict[str, str]]:
        chosen = everything(self.problem) if on_chip is None else on_chip
        return self._grouping.settled(sides_of(self.problem, chosen))


def partition(graph: Graph, patterns: Patterns | None = None) -> Partition:
    """Put everything on the chip that can run there, and group the nodes into parts; see :func:`candidates`."""
    return candidates(graph, patterns).partition()


def candidates(graph: Graph, patterns: Patterns | None = None, entry: Entry | None = None) -> Candidates:
    """Find out which nodes may go to the chip, and which only together.

    A node may go to the chip if every rule allows it there and no pattern forbids it. Synapses and reshapes follow the
    neurons that they feed.

    Args:
        graph: A folded graph.
        patterns: Shell-style node name patterns that force a side.
        entry: Which values come onto the chip; all where None.

    Raises:
        UsageError: A pattern matches no node, or two of them put a node on two sides.
        UnsupportedError: A node is forced onto the chip that cannot run there.
    """
    _refuse_summed_outputs(graph)
    forced = _forced(graph, patterns or {})
    tags = _Tags()
    for node in _real_nodes(graph):
        _tag(graph, node, forced.get(node.name), tags)
    _refuse_impossible(graph, forced)
    _follow_consumers(graph, tags)
    if entry is not None:
        _keep_from_values(graph, forced, tags, entry)
    _refuse_mixed_loops(graph, tags)
    reasons = {name: tags.reasons[name] for name in graph.nodes if name in tags.reasons}
    return Candidates(graph, cut_problem(graph, tags.sides, forced), reasons)


def _real_nodes(graph: Graph) -> list[Node]:
    return [n for n in graph.nodes.values() if not isinstance(n.op, nir.Input | nir.Output)]


def _forced(graph: Graph, patterns: Patterns) -> dict[str, Side]:
    forced: dict[str, Side] = {}
    by: dict[str, str] = {}
    for pattern, side in patterns.items() if isinstance(patterns, Mapping) else patterns:
        hits = [n.name for n in _real_nodes(graph) if fnmatchcase(n.name, pattern)]
        if not hits:
            names = ", ".join(n.name for n in _real_nodes(graph))
            raise UsageError(f"--{side} {pattern!r} matches no node", hint=f"the nodes are: {names}")
        for name in hits:
            if forced.get(name, side) is not side:
                raise UsageError(
                    f"--{forced[name]} {by[name]!r} and --{side} {pattern!r} both name node {name}",
                    hint=f"leave one of them out, or write patterns of which only one matches {name}",
                )
        forced.update(dict.fromkeys(hits, side))
        by.update(dict.fromkeys(hits, pattern))
    return forced


def _tag(graph: Graph, node: Node, wish: Side | None, tags: _Tags) -> None:
    found = obstacle(graph, node)
    if found is not None:
        tags.put(node.name, Side.DENSE, *found)
    elif wish is Side.DENSE:
        tags.put(node.name, Side.DENSE, "NT-PART-006", "the --dense option names it")
    else:
        what = "neurons" if isinstance(node.op, NEURON_TYPES) else "synapses"
        tags.put(node.name, Side.SPIKING, "", f"{node.type_name} {what} run on the chip" + holds(node))


def _refuse_impossible(graph: Graph, forced: Mapping[str, Side]) -> None:
    refused = []
    for name in (n for n, side in forced.items() if side is Side.SPIKING):
        found = obstacle(graph, graph.nodes[name])
        if found is not None:
            rule, reason = found
            node = graph.nodes[name]
            refused.append(
                Diagnostic(
                    "NT-PART-005",
                    Severity.ERROR,
                    name,
                    f"cannot run on the chip: {reason} ({rule})",
                    node.type_name,
                    fix=f"neurotool explain {rule}",
                    origin=node.origin,
                )
            )
    if refused:
        raise UnsupportedError(f"{len(refused)} node(s) cannot be forced onto the chip", diagnostics=refused)


def _follow_consumers(graph: Graph, tags: _Tags) -> None:
    """Move synapses, reshapes and delays off the chip whose consumers are not all on it, last layers first."""
    for name in reversed(list(graph.nodes)):
        node = graph.nodes[name]
        if tags.sides.get(name) is not Side.SPIKING or not isinstance(node.op, PATH_TYPES):
            continue
        outside = [e.target for e in graph.outgoing(name) if tags.sides.get(e.target) is not Side.SPIKING]
        if outside:
            tags.put(name, Side.DENSE, "NT-PART-003", f"it feeds {', '.join(outside)}, which is not on the chip")


def _keep_from_values(graph: Graph, forced: Mapping[str, Side], tags: _Tags, entry: Entry) -> None:
    """Move populations off the chip that hear a value which cannot come onto it, and what follows them."""
    while found := {name: why for name in graph.neurons if (why := _unheard(graph, name, tags, entry))}:
        refused = [name for name in found if forced.get(name) is Side.SPIKING]
        if refused:
            node = graph.nodes[refused[0]]
            text = f"cannot run on the chip: {found[node.name]} (NT-PART-012)"
            finding = Diagnostic("NT-PART-005", Severity.ERROR, node.name, text, node.type_name, origin=node.origin)
            raise UnsupportedError(f"{len(refused)} node(s) cannot be forced onto the chip", diagnostics=[finding])
        for name, why in found.items():
            tags.put(name, Side.DENSE, "NT-PART-012", why)
        _follow_consumers(graph, tags)


def _unheard(graph: Graph, name: str, tags: _Tags, entry: Entry) -> str:
    """Why a population cannot hear on the chip what it hears; empty where it can, or is off the chip anyway."""
    if tags.sides[name] is not Side.SPIKING:
        return ""
    reached = [name]
    for node in reached:  # grows
        for source in (edge.source for edge in graph.incoming(node)):
            if tags.sides.get(source) is not Side.SPIKING:
                if why := entry(source):
                    return why
            elif isinstance(graph.nodes[source].op, PATH_TYPES) and source not in reached:
                reached.append(source)
    return ""


def _refuse_summed_outputs(graph: Graph) -> None:
    """Refuse outputs that several values lead to: nothing would add them up."""
    refused = []
    for name in graph.outputs:
        sources = [edge.source for edge in graph.incoming(name)]
        if len(sources) > 1:
            message = f"output {name} adds up {', '.join(sources)}"
            fix = "give each value an output of its own, or lead all into one population"
            found = f"{len(sources)} values"
            origin = graph.nodes[name].origin
            refused.append(Diagnostic("NT-PART-009", Severity.ERROR, name, message, found, "1 value", fix, origin))
    if refused:
        raise UnsupportedError(refused[0].message, diagnostics=refused)


def _refuse_mixed_loops(graph: Graph, tags: _Tags) -> None:
    """Refuse loops that are not whole on the chip: they would need a round trip to the host in every step."""
    refused = []
    for loop in loops(graph):
        outside = [name for name in loop if tags.sides.get(name) is Side.DENSE]
        if outside:
            reason = tags.reasons[outside[0]]
            message = f"{outside[0]} keeps the loop {', '.join(loop)} off the chip: {reason.text}"
            fix = "take the node out of the loop, or run the model in its framework"
            found = graph.nodes[outside[0]].type_name
            refused.append(
                Diagnostic("NT-PART-008", Severity.ERROR, outside[0], message, found, "synapses and neurons", fix)
            )
    if refused:
        raise UnsupportedError(refused[0].message, diagnostics=refused)
