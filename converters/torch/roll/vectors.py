"""Nodes of all steps of a loop that do the same, taken together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx

from neurotool.converters.torch.proxies import UNKNOWN, VALUE
from neurotool.converters.torch.roll.slices import MismatchError, Slice, slice_of

Element = tuple["Vector", int]


@dataclass(eq=False)
class Vector:
    """One operation in every step.

    Attributes:
        elements: Its node in each step.
        args: Its arguments; ``Same``, ``Slice``, ``Part`` and ``Past`` stand for values.
        kwargs: Its keyword arguments, likewise.
    """

    elements: tuple[fx.Node, ...]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Same:
    """A value that is the same in every step."""

    node: fx.Node


@dataclass(frozen=True)
class Part:
    """Step t takes what another operation makes in step t."""

    vector: Vector


@dataclass(frozen=True)
class Past:
    """Step t takes what another operation made in step t - 1, and zeros in the first step."""

    vector: Vector


class Matcher:
    """Finds vectors.

    Args:
        chains: The calls of each cell that is stepped by a loop.

    Attributes:
        place: Vector and step of each node that was taken up.
        order: All vectors.
    """

    def __init__(self, chains: list[tuple[fx.Node, ...]]) -> None:
        self.place: dict[fx.Node, Element] = {}
        self.order: list[Vector] = []
        self.cells = [self._keep(Vector(chain)) for chain in chains]
        self._failed: set[tuple[fx.Node, ...]] = set()

    def follow(self) -> None:
        """Take up what every step makes of the results of the cells."""
        ahead = list(self.order)
        while ahead:
            vector = ahead.pop(0)
            for candidate in self._users(vector):
                known = len(self.order)
                try:
                    self._vector(candidate)
                except MismatchError:
                    self._failed.add(candidate)
                ahead += self.order[known:]

    def _users(self, vector: Vector) -> Iterator[tuple[fx.Node, ...]]:
        """Tuples of nodes that use the elements of a vector in the same way in every step."""
        kinds = [_by_kind(element, self.place) for element in vector.elements]
        for kind, first in kinds[0].items():
            rows = [found.get(kind, []) for found in kinds]
            if all(len(row) == len(first) for row in rows):
                for candidate in zip(*rows, strict=True):
                    if candidate not in self._failed and not any(node in self.place for node in candidate):
                        yield candidate

    def match(self, values: tuple[Any, ...]) -> Any:
        """Describe an argument in all steps.

        Raises:
            MismatchError: The steps differ.
        """
        first = values[0]
        if not any(isinstance(v, fx.Node) for v in values):
            return self._plain(values)
        if all(v is first for v in values):
            return Same(first)
        places = [self.place.get(v) if isinstance(v, fx.Node) else None for v in values]
        if (vector := _aligned(places)) is not None:
            return Part(vector)
        if (vector := _aligned(places[1:])) is not None and len(vector.elements) == len(values):
            _check_start(first, values[1])
            return Past(vector)
        if not all(isinstance(v, fx.Node) for v in values):
            raise MismatchError("the first step takes something else than the others", _last_node(values))
        if (found := slice_of(values)) is not None:
            return found
        return self._vector(values)

    def _vector(self, nodes: tuple[fx.Node, ...]) -> Any:
        first = nodes[0]
        if first.op == "get_attr" and all(n.target == first.target for n in nodes):
            return Same(first)
        if any((n.op, n.target) != (first.op, first.target) for n in nodes) or len(set(nodes)) < len(nodes):
            odd = next((n for n in nodes if (n.op, n.target) != (first.op, first.target)), nodes[-1])
            raise MismatchError("the steps do not run the same operations", odd)
        if first.op not in ("call_function", "call_method", "call_module"):
            raise MismatchError("each step takes a parameter or input of its own", nodes[-1])
        try:
            args = self.match(tuple(n.args for n in nodes))
            kwargs = self.match(tuple(dict(n.kwargs) for n in nodes))
        except MismatchError as error:
            raise MismatchError(str(error), error.node or nodes[-1]) from None
        if _is_fixed((args, kwargs), first):
            return Same(first)
        return Part(self._keep(Vector(nodes, args, kwargs)))

    def _keep(self, vector: Vector) -> Vector:
        self.order.append(vector)
        self.place |= {node: (vector, step) for step, node in enumerate(vector.elements)}
        return vector

    def _plain(self, values: tuple[Any, ...]) -> Any:
        """Describe what is no node: containers part by part, all else must be equal in every step."""
        first = values[0]
        if isinstance(first, tuple | list) and all(type(v) is type(first) and len(v) == len(first) for v in values):
            parts = [self.match(rows) for rows in zip(*values, strict=True)]
            return tuple(parts) if isinstance(first, tuple) else parts
        if isinstance(first, Mapping) and all(isinstance(v, Mapping) and v.keys() == first.keys() for v in values):
            return {key: self.match(tuple(v[key] for v in values)) for key in first}
        if isinstance(first, slice) and all(isinstance(v, slice) for v in values):
            return slice(*(self.match(tuple(getattr(v, k) for v in values)) for k in ("start", "stop", "step")))
        if any(type(v) is not type(first) or v != first for v in values):
            raise MismatchError(f"a number or option changes from step to step ({first!r}, {values[-1]!r})")
        return first


def leaves(template: Any) -> Iterator[Any]:
    """Go over the leaves of arguments."""
    if isinstance(template, tuple | list):
        for part in template:
            yield from leaves(part)
    elif isinstance(template, Mapping):
        yield from leaves(list(template.values()))
    elif isinstance(template, slice):
        yield from leaves((template.start, template.stop, template.step))
    else:
        yield template


def _by_kind(element: fx.Node, taken: Mapping[fx.Node, Element]) -> dict[tuple[Any, ...], list[fx.Node]]:
    """Users of a node by operation, and by the place where they take it."""
    found: dict[tuple[Any, ...], list[fx.Node]] = {}
    for user in element.users:
        if user not in taken and user.op.startswith("call"):
            spot = tuple(index for index, a in enumerate(user.args) if a is element)
            found.setdefault((user.op, user.target, spot), []).append(user)
    return found


def _aligned(places: list[Element | None]) -> Vector | None:
    """Return the vector whose elements of steps 0, 1, ... stand at these places."""
    if not places or places[0] is None:
        return None
    vector = places[0][0]
    aligned = all(p is not None and p[0] is vector and p[1] == step for step, p in enumerate(places))
    return vector if aligned else None


_ZEROS = {torch.zeros, torch.zeros_like, "new_zeros", "zeros_like"}


def _check_start(start: Any, later: Any) -> None:
    """A value of the step before must be zero in the first step, where there is none."""
    if isinstance(start, int | float) and start == 0:
        return
    if isinstance(start, fx.Node):
        value = start.meta.get(VALUE, UNKNOWN)
        known = start.op == "get_attr" and isinstance(value, torch.Tensor) and not bool(value.any())
        if known or getattr(start.target, "__wrapped__", start.target) in _ZEROS or start.target in _ZEROS:
            return
    node = start if isinstance(start, fx.Node) else later
    raise MismatchError("what the first step takes in place of the step before is not zero", node)


def _is_fixed(template: Any, node: fx.Node) -> bool:
    """Whether a node gives the same in every step: a size, or something made of parameters only."""
    parts = [leaf for leaf in leaves(template) if isinstance(leaf, Same | Slice | Part | Past)]
    same = [leaf for leaf in parts if isinstance(leaf, Same)]
    if len(same) < len(parts):
        return False
    value = node.meta.get(VALUE, UNKNOWN)
    size = value is not UNKNOWN and not isinstance(value, torch.Tensor | tuple)
    return size or isinstance(value, torch.Size) or not any(depends(leaf.node) for leaf in same)


def depends(node: fx.Node) -> bool:
    """Whether a node is computed from an input of the model."""
    seen, ahead = {node}, [node]
    while ahead:
        found = ahead.pop()
        if found.op == "placeholder":
            return True
        new = [n for n in found.all_input_nodes if n not in seen]
        seen.update(new)
        ahead += new
    return False


def _last_node(values: tuple[Any, ...]) -> fx.Node:
    return next(v for v in reversed(values) if isinstance(v, fx.Node))
