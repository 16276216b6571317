"""Writes a traced graph anew, with one node for each operation of a loop."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx

from neurotool.converters.torch.lines import code_at, line_of
from neurotool.converters.torch.names import module_path
from neurotool.converters.torch.proxies import UNKNOWN, VALUE
from neurotool.converters.torch.roll.chains import chained
from neurotool.converters.torch.roll.nodes import DELAYED, delayed, hold
from neurotool.converters.torch.roll.slices import MismatchError, Slice
from neurotool.converters.torch.roll.vectors import Matcher, Part, Past, Same, Vector, depends
from neurotool.converters.torch.tracer import STEPPED
from neurotool.diagnostics import Diagnostic, Severity


@dataclass(frozen=True, eq=False)
class Rolled:
    """A trace without loops over time.

    Attributes:
        graph: The trace; what was inside a loop is marked as stepped.
        problems: Loops that cannot be rolled up, and neurons that are called more than once.
        slices: Values that a loop reads step by step, with the axis that is time.
        stuck: Paths of the cells whose loops are still there, because one of them cannot be rolled up.
    """

    graph: fx.Graph
    problems: tuple[Diagnostic, ...]
    slices: tuple[tuple[fx.Node, int], ...] = ()
    stuck: frozenset[str] = frozenset()


def roll(root: torch.nn.Module, graph: fx.Graph) -> Rolled:
    """Roll up the loops over time of a trace.

    Args:
        root: The traced module.
        graph: The trace, with every node that was made.
    """
    chains, problems = chained(root, graph)
    if not chains:
        return Rolled(graph, tuple(problems))
    matcher = Matcher(chains)
    matcher.follow()
    for cell in matcher.cells:
        try:
            cell.args = (matcher.match(tuple(_input_of(call) for call in cell.elements)),)
        except MismatchError as error:
            problems.append(_refusal(cell, error))
    if problems:
        stuck = frozenset(module_path(str(chain[0].target)) for chain in chains)
        return Rolled(graph, tuple(problems), stuck=stuck)
    writer = _Writer(matcher.place)
    writer.write(graph)
    return Rolled(writer.graph, (), tuple(writer.slices))


def _input_of(call: fx.Node) -> Any:
    return call.args[0] if call.args else call.kwargs["input_tensor"]


def _refusal(cell: Vector, error: MismatchError) -> Diagnostic:
    line = line_of(error.node or cell.elements[-1])
    name = module_path(str(cell.elements[0].target))
    fix = (
        "let every step do the same with x[t], a constant, or what the step before made (zeros at first), "
        "or use Norse's sequence modules"
    )
    message = f"{name}: the loop around it cannot be rolled up: {error}"
    return Diagnostic("NT-TORCH-014", Severity.ERROR, name, message, code_at(line), "one step for all", fix, line)


@dataclass(eq=False)
class _Writer:
    """Copies a graph, vector by vector and node by node."""

    place: Mapping[fx.Node, tuple[Vector, int]]
    graph: fx.Graph = field(default_factory=fx.Graph)
    copies: dict[fx.Node, fx.Node] = field(default_factory=dict)
    rasters: dict[Vector, fx.Node] = field(default_factory=dict)
    waiting: dict[Vector, fx.Node] = field(default_factory=dict)
    shared: dict[tuple[Any, ...], fx.Node] = field(default_factory=dict)
    slices: list[tuple[fx.Node, int]] = field(default_factory=list)

    def write(self, graph: fx.Graph) -> None:
        """Copy everything."""
        for node in graph.nodes:
            if node in self.place:
                vector = self.place[node][0]
                if vector not in self.rasters:
                    self.rasters[vector] = self._rolled(vector)
            elif (raster := self._stack(node)) is not None or (raster := self._sum(node)) is not None:
                self.copies[node] = raster
            else:
                self.copies[node] = self._copy(node)
        for vector, node in self.waiting.items():
            node.meta[DELAYED] = self.rasters[vector]

    def _copy(self, node: fx.Node) -> fx.Node:
        args, kwargs = self._outside(node.args), self._outside(dict(node.kwargs))
        copy = self.graph.create_node(node.op, node.target, args, kwargs, node.name, node.type)
        copy.meta = dict(node.meta)
        return copy

    def _rolled(self, vector: Vector) -> fx.Node:
        """Write one node for all steps."""
        first = vector.elements[0]
        args, kwargs = self._inside(vector.args, vector), self._inside(vector.kwargs, vector)
        node = self.graph.create_node(first.op, first.target, args, kwargs, first.name, first.type)
        node.meta = first.meta | {STEPPED: True}
        return node

    def _inside(self, template: Any, vector: Vector) -> Any:
        """Arguments of a node that stands for all steps."""
        if isinstance(template, Part):
            return self.rasters[template.vector]
        if isinstance(template, Past):
            return self._delayed(template.vector)
        if isinstance(template, Slice):
            return self._raster(template)
        if isinstance(template, Same):
            return self._same(template.node, len(vector.elements), vector.elements[0])
        if isinstance(template, tuple | list):
            return type(template)(self._inside(part, vector) for part in template)
        if isinstance(template, dict):
            return {key: self._inside(part, vector) for key, part in template.items()}
        if isinstance(template, slice):
            parts = (template.start, template.stop, template.step)
            return slice(*(self._inside(part, vector) for part in parts))
        return template

    def _same(self, node: fx.Node, steps: int, like: fx.Node) -> fx.Node:
        """Hold a value that comes from an input; parameters and sizes are there in every step anyway."""
        copy = self._outside(node)
        value = node.meta.get(VALUE, UNKNOWN)
        if not (value is UNKNOWN or isinstance(value, torch.Tensor)) or not depends(node):
            return copy  # type: ignore[no-any-return]
        return self._make(hold, (copy, steps), like)

    def _raster(self, found: Slice) -> fx.Node:
        """Bring time to the first axis of what a loop reads step by step."""
        self.slices.append((found.source, found.axis))
        source = self._outside(found.source)
        if found.axis == 0:
            return source  # type: ignore[no-any-return]
        if source.target == "transpose" and source.args[1:] == (0, 1) and found.axis == 1:
            return source.args[0]  # type: ignore[no-any-return]
        return self._make("movedim", (source, found.axis, 0), found.source)

    def _delayed(self, vector: Vector) -> fx.Node:
        """Stand in for the value of the step before; the edge is made when all nodes are known."""
        if vector not in self.waiting:
            value = vector.elements[0].meta.get(VALUE, UNKNOWN)
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else (0,)
            arguments = (len(vector.elements), shape[0], shape[1:])
            self.waiting[vector] = self._make(delayed, arguments, vector.elements[0])
        return self.waiting[vector]

    def _outside(self, argument: Any) -> Any:
        """Arguments of a node outside of loops: single steps of a raster, or all of them."""
        if isinstance(argument, fx.Node):
            return self._element(*self.place[argument]) if argument in self.place else self.copies[argument]
        if isinstance(argument, tuple | list):
            if (vector := self._all_steps(argument)) is not None:
                return self._make(torch.unbind, (self.rasters[vector], 0), vector.elements[-1])
            parts = [self._outside(part) for part in argument]
            return tuple(parts) if isinstance(argument, tuple) else parts
        if isinstance(argument, dict):
            return {key: self._outside(part) for key, part in argument.items()}
        if isinstance(argument, slice):
            return slice(*(self._outside(part) for part in (argument.start, argument.stop, argument.step)))
        return argument

    def _element(self, vector: Vector, step: int) -> fx.Node:
        index = -1 if step == len(vector.elements) - 1 else step
        return self._make(operator.getitem, (self.rasters[vector], index), vector.elements[step])

    def _all_steps(self, argument: Any) -> Vector | None:
        """Return the vector whose elements a list holds, all of them in order."""
        places = [self.place.get(a) if isinstance(a, fx.Node) else None for a in argument]
        if not places or places[0] is None or len(places) != len(places[0][0].elements):
            return None
        vector = places[0][0]
        return vector if places == [(vector, step) for step in range(len(places))] else None

    def _stack(self, node: fx.Node) -> fx.Node | None:
        """``torch.stack`` of the results of all steps is their raster."""
        if node.target is not torch.stack or not node.args or not isinstance(node.args[0], tuple | list):
            return None
        vector = self._all_steps(node.args[0])
        if vector is None:
            return None
        axis = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)
        raster = self.rasters[vector]
        return raster if axis == 0 else self._make("movedim", (raster, 0, axis), node)

    def _sum(self, node: fx.Node) -> fx.Node | None:
        """A sum that grows from step to step is the sum over the raster, and what it started from."""
        found = self._addends(node)
        if found is None:
            return None
        vector, start = found
        total = self._make("sum", (self.rasters[vector], 0), node)
        if start is None or (isinstance(start, int | float) and start == 0):
            return total
        return self._make(operator.add, (self._outside(start), total), node)

    def _addends(self, node: fx.Node) -> tuple[Vector, Any] | None:
        """Recognise ``start + z[0] + z[1] + ...`` by its last addition."""
        last = next((self.place[a] for a in node.args if isinstance(a, fx.Node) and a in self.place), None)
        if last is None or last[1] != len(last[0].elements) - 1:
            return None
        vector, rest = last[0], node
        for step in range(last[1], -1, -1):
            if not isinstance(rest, fx.Node) or rest.target not in _ADDITIONS or len(rest.args) != 2 or rest.kwargs:
                return None
            others = [a for a in rest.args if a is not vector.elements[step]]
            if len(others) != 1:
                return None
            if step == 1 and others[0] is vector.elements[0]:
                return vector, None
            rest = others[0]  # type: ignore[assignment]
        return vector, rest

    def _make(self, target: Any, args: tuple[Any, ...], like: fx.Node) -> fx.Node:
        """Make a node once, with the line of the node that it stands for."""
        key = (target, *args)
        if key not in self.shared:
            op = "call_method" if isinstance(target, str) else "call_function"
            self.shared[key] = self.graph.create_node(op, target, args)
            self.shared[key].meta = {**like.meta, STEPPED: False, VALUE: UNKNOWN}
        return self.shared[key]


_ADDITIONS = {operator.add, operator.iadd, torch.add, "add"}
