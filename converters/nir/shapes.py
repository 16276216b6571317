"""The shape of every value, found from the fields of the nodes and from their neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import nir

from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.fields import Spec
from neurotool.diagnostics import Diagnostic
from neurotool.ir.graph import Shape

Specs = Mapping[str, Spec]


@dataclass(eq=False)
class Shapes:
    """What is known about the shapes of a graph.

    Attributes:
        of: Shape of the output of each node.
        notes: Batch axes that were dropped, one sentence each.
        errors: Edges whose ends differ.
    """

    of: dict[str, Shape] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)


def infer_shapes(contents: Contents, specs: Specs, order: Sequence[str]) -> Shapes:
    """Find the shape of every node's output, and check both ends of every edge.

    Args:
        contents: The file.
        specs: Its sound nodes; what follows only on others is left out.
        order: Names of all nodes, each after those that feed it.
    """
    wanted = _wanted(contents, specs, order)
    shapes = Shapes()
    for name in order:
        spec = specs.get(name)
        if spec is not None and spec.kind is nir.Input:
            shapes.of[name] = _input_shape(contents, name, spec, wanted, shapes)
        elif spec is not None:
            _follow(contents, name, spec, shapes)
    return shapes


def _wanted(contents: Contents, specs: Specs, order: Sequence[str]) -> dict[str, Shape]:
    """Shape that each node asks of its input; a node without a shape of its own passes on what follows asks for."""
    wanted: dict[str, Shape] = {}
    for name in reversed(order):
        spec = specs.get(name)
        if spec is None or spec.kind is nir.Output:
            continue
        shape = spec.takes
        if shape is None and spec.kind is not nir.Flatten:
            shape = next((wanted[t] for t in contents.targets(name) if t in wanted), None)
        if shape is not None:
            wanted[name] = shape
    return wanted


def _input_shape(contents: Contents, name: str, spec: Spec, wanted: Mapping[str, Shape], shapes: Shapes) -> Shape:
    declared = spec.takes or ()
    asked = {wanted[t] for t in contents.targets(name) if t in wanted}
    return _without_batch(contents, name, declared, shapes) if asked == {declared[1:]} else declared


def _without_batch(contents: Contents, name: str, declared: Shape, shapes: Shapes) -> Shape:
    """Drop a leading axis of size one, which Norse's exporter takes over from its sample data."""
    if len(declared) < 2 or declared[0] != 1:
        return declared
    shapes.notes.append(
        f"{contents.file}: {name} declares the shape {list(declared)}; "
        f"its first axis was taken for the batch and dropped."
    )
    return declared[1:]


def _follow(contents: Contents, name: str, spec: Spec, shapes: Shapes) -> None:
    """Find the shape of a node behind others."""
    feeds = [source for source in contents.sources(name) if source in shapes.of]
    takes = spec.takes or next((shapes.of[source] for source in feeds), None)
    if takes is None:
        return
    if spec.kind is nir.Output and {shapes.of[source] for source in feeds} == {takes[1:]}:
        takes = _without_batch(contents, name, takes, shapes)
    for source in feeds:
        if shapes.of[source] != takes:
            made, asked = list(shapes.of[source]), list(takes)
            message = f"takes shape {asked}, {source} gives {made}"
            shapes.errors.append(contents.error("NT-NIR-006", name, message, found=str(made), limit=str(asked)))
    if spec.kind is not nir.Flatten:
        shapes.of[name] = spec.gives or takes
    elif (flat := _flattened(contents, name, spec, takes, shapes)) is not None:
        shapes.of[name] = flat


def _flattened(contents: Contents, name: str, spec: Spec, shape: Shape, shapes: Shapes) -> Shape | None:
    start, end = flatten_axes(spec)
    first, last = (axis + len(shape) if axis < 0 else axis for axis in (start, end))
    if not 0 <= first <= last < len(shape):
        message = f"flattens axes {start} to {end} of a value of shape {list(shape)}"
        fix = "count the axes without the batch: start_dim=0 flattens everything"
        shapes.errors.append(contents.error("NT-NIR-004", name, message, found=f"{start} to {end}", fix=fix))
        return None
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])


def flatten_axes(spec: Spec) -> tuple[int, int]:
    """Return ``start_dim`` and ``end_dim`` of a Flatten; NIR's defaults where the file does not say."""
    defaults = {"start_dim": nir.Flatten.start_dim, "end_dim": nir.Flatten.end_dim}
    start, end = (int(spec.values.get(field, default)) for field, default in defaults.items())
    return start, end
