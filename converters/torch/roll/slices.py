"""Recognises a loop that reads a value step by step."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from neurotool.converters.torch.proxies import UNKNOWN, VALUE


class MismatchError(Exception):
    """The steps of a loop differ.

    Attributes:
        node: Where they do, if that is known.
    """

    def __init__(self, reason: str, node: fx.Node | None = None) -> None:
        super().__init__(reason)
        self.node = node


@dataclass(frozen=True)
class Slice:
    """Step t takes place t along an axis of a value."""

    source: fx.Node
    axis: int


def slice_of(values: tuple[fx.Node, ...]) -> Slice | None:
    """Recognise ``x[0], x[1], ...``, ``x[:, 0], ...`` and their like, and parts of ``x.unbind()``."""
    found = [_indexed(v) for v in values]
    if any(f is None for f in found):
        return None
    sources, axes, places = zip(*(f for f in found if f is not None), strict=True)
    if len(set(sources)) > 1 or len(set(axes)) > 1:
        return None
    source, axis = sources[0], axes[0]
    value = source.meta.get(VALUE, UNKNOWN)
    if source.op == "get_attr":
        raise MismatchError("each step takes a row of a parameter of its own", values[-1])
    if places != tuple(range(len(values))):
        raise MismatchError("the steps are not taken in order, from the first one on", values[0])
    if isinstance(value, torch.Tensor) and value.shape[axis] != len(values):
        raise MismatchError(f"it takes {len(values)} of the {value.shape[axis]} steps of its input", values[-1])
    return Slice(source, axis)


def _indexed(node: fx.Node) -> tuple[fx.Node, int, int] | None:
    """Return (value, axis, place) of a node that takes one place along one axis."""
    source = node.args[0] if node.args else None
    if not isinstance(source, fx.Node):
        return None
    value = source.meta.get(VALUE, UNKNOWN)
    if node.target == "select" and len(node.args) == 3:
        return _spot(source, value, node.args[1], node.args[2])
    if node.target is not operator.getitem:
        return None
    index = node.args[1]
    if isinstance(value, tuple | list) and isinstance(index, int) and source.target in ("unbind", torch.unbind):
        inner = source.args[0]
        axis = source.args[1] if len(source.args) > 1 else source.kwargs.get("dim", 0)
        return _spot(inner, inner.meta.get(VALUE, UNKNOWN), axis, index) if isinstance(inner, fx.Node) else None
    if not isinstance(value, torch.Tensor):
        return None
    parts = index if isinstance(index, tuple) else (index,)
    if Ellipsis in parts:
        here = parts.index(Ellipsis)
        parts = (*parts[:here], *[slice(None)] * (value.ndim - len(parts) + 1), *parts[here + 1 :])
    numbers = [axis for axis, part in enumerate(parts) if isinstance(part, int)]
    whole = all(part == slice(None) for axis, part in enumerate(parts) if axis not in numbers)
    return _spot(source, value, numbers[0], parts[numbers[0]]) if len(numbers) == 1 and whole else None


def _spot(source: fx.Node, value: Any, axis: Any, place: Any) -> tuple[fx.Node, int, int] | None:
    if not isinstance(value, torch.Tensor) or not isinstance(axis, int) or not isinstance(place, int):
        return None
    return source, axis % value.ndim, place
