"""Reads a NIR file into a float graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import nir
import numpy as np

from neurotool.converters.nir.contents import Contents, read_contents
from neurotool.converters.nir.fields import Spec, read_fields
from neurotool.converters.nir.kinds import infer_kinds
from neurotool.converters.nir.metadata import Metadata, parse_metadata
from neurotool.converters.nir.shapes import flatten_axes, infer_shapes
from neurotool.converters.nir.structure import structure_errors
from neurotool.converters.nir.support import WEIGHTED, unsupported
from neurotool.data import file_sha256
from neurotool.diagnostics import Diagnostic
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import Source, SourceOptions
from neurotool.ir.convention import CONVENTIONS, DEFAULT_FILE_CONVENTION, Convention
from neurotool.ir.graph import Edge, Graph, Node, Shape, edge_from
from neurotool.ir.values import TimeScope
from neurotool.units import format_si


def read(spec: str, options: SourceOptions) -> Source:
    """Read a NIR file.

    Parameters without axes are spread over their population, whose shape is taken from the neighbours. Value kinds are
    found anew, since files do not hold them; every value has a time axis.

    Args:
        spec: Path of the file.
        options: Time step and convention win over those in the file; the example tells whether inputs are spikes.

    Raises:
        UsageError: The file is missing, damaged, or no valid NIR graph, or there is no time step, or an option is
            wrong. ``diagnostics`` lists every mistake in the graph.
        UnsupportedError: The graph holds nodes or loops that have no meaning here; ``diagnostics`` lists all of them.
    """
    path = Path(spec)
    sha256 = _digest(path)
    contents = read_contents(path)
    metadata = parse_metadata(contents.file, contents.metadata)
    if refused := unsupported(contents):
        raise UnsupportedError(_summary(spec, "cannot be converted", refused), diagnostics=refused)
    order = _order(contents)
    specs, errors = read_fields(contents)
    shapes = infer_shapes(contents, specs, order)
    if errors := [*structure_errors(contents), *errors, *shapes.errors]:
        raise UsageError(_summary(spec, "is not a valid NIR graph", errors), diagnostics=errors)
    dt, convention, notes = _meaning(contents.file, options, metadata)
    kinds = infer_kinds(contents, order, options.example, metadata.input_kinds)
    nodes = {}
    for name in order:
        op = _operation(contents, name, specs[name], shapes.of)
        nodes[name] = Node(name, op, shapes.of[name], kinds[name], True, TimeScope.PER_STEP, contents.origin(name))
    graph = Graph(nodes, _edges(contents, nodes), dt, convention, (*notes, *shapes.notes))
    return Source(spec, graph, sha256)


def _digest(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", hint="check the path of the .nir file") from None


def _summary(spec: str, verdict: str, found: Sequence[Diagnostic]) -> str:
    rest = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{spec}: {verdict}: {found[0].message}{rest}"


def _meaning(file: str, options: SourceOptions, metadata: Metadata) -> tuple[float, Convention, tuple[str, ...]]:
    """Settle the time step and the convention, and say what was assumed."""
    notes = []
    dt = metadata.dt if options.dt is None else options.dt
    if dt is None:
        raise UsageError(f"{file}: does not say how long a time step is", hint="--dt 1ms")
    if metadata.dt not in (None, dt):
        stored = format_si(metadata.dt or 0.0, "s", 6)
        notes.append(
            f"{file} was written for a time step of {stored}; {format_si(dt, 's', 6)} was asked for and taken."
        )
    name = options.convention or metadata.convention
    if name is None:
        name = DEFAULT_FILE_CONVENTION
        notes.append(
            f"{file} does not say which update rule its equations stand for; "
            f"{name} was taken ({CONVENTIONS[name].summary})."
        )
    if name not in CONVENTIONS:
        raise UsageError(f"there is no convention named {name!r}", hint=f"there are: {', '.join(CONVENTIONS)}")
    return dt, CONVENTIONS[name], tuple(notes)


def _order(contents: Contents) -> list[str]:
    """Order the nodes so that each follows its inputs, and otherwise as the edges of the file name them."""
    graph = contents.networkx()
    place = {name: index for index, name in enumerate(graph)}
    return list(nx.lexicographical_topological_sort(graph, key=place.__getitem__))


def _operation(contents: Contents, name: str, spec: Spec, shapes: Mapping[str, Shape]) -> nir.NIRNode:
    """Make the NIR node, with parameters in the shape of the population."""
    metadata: Any = contents.nodes[name].get("metadata", {})
    extra = {"metadata": metadata} if isinstance(metadata, dict) else {}
    shape = shapes[name]
    if spec.kind is nir.Input:
        return nir.Input(input_type={"input": np.array(shape)}, **extra)
    if spec.kind is nir.Output:
        return nir.Output(output_type={"output": np.array(shape)}, **extra)
    if spec.kind is nir.Flatten:
        start, end = flatten_axes(spec)
        taken = np.array(shapes[contents.sources(name)[0]])
        return nir.Flatten(input_type={"input": taken}, start_dim=start, end_dim=end, **extra)
    wanted = dict.fromkeys(spec.values, shape)
    if spec.kind in WEIGHTED:
        wanted["weight"] = spec.values["weight"].shape
    return spec.kind(**{f: np.array(np.broadcast_to(v, wanted[f])) for f, v in spec.values.items()}, **extra)


def _edges(contents: Contents, nodes: Mapping[str, Node]) -> tuple[Edge, ...]:
    made: dict[str, int] = dict.fromkeys(nodes, 0)
    edges = []
    for source, target in contents.links:
        edges.append(edge_from(nodes[source], target, made[target]))
        made[target] += 1
    return tuple(edges)
