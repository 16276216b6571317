"""Reads a NIR file into a float graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nir
import numpy as np

from neurotool.arrays import Int64Array
from neurotool.converters.nir.build import build_edges, build_nodes, delay_in_seconds
from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.delays import delays_in_steps
from neurotool.converters.nir.file import read_root
from neurotool.converters.nir.kinds import infer_kinds
from neurotool.converters.nir.loops import Arrangement, Roles, arrange
from neurotool.converters.nir.metadata import Metadata, parse_metadata
from neurotool.converters.nir.nested import open_graph
from neurotool.converters.nir.origin import doubt_of_step
from neurotool.converters.nir.shapes import Shapes, infer_shapes
from neurotool.converters.nir.specs import Spec, read_specs
from neurotool.converters.nir.structure import structure_errors
from neurotool.converters.nir.support import LINEAR, TYPES
from neurotool.converters.nir.wiring import connect
from neurotool.data import file_sha256
from neurotool.diagnostics import Diagnostic
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import Source, SourceOptions
from neurotool.ir.convention import CONVENTIONS, DEFAULT_FILE_CONVENTION, Convention
from neurotool.ir.graph import Graph
from neurotool.units import format_si

VALID_BUT_REFUSED = ("NT-NIR-001", "NT-NIR-002", "NT-NIR-009", "NT-NIR-011")
"""Rules that a file can break and still be what its author meant."""


def read(spec: str, options: SourceOptions) -> Source:
    """Read a NIR file.

    Graphs inside the graph are opened. Single parameters are spread over their population, whose shape is taken from
    the neighbours. The edge that closes a loop waits for one step (:mod:`neurotool.converters.nir.loops`). Value kinds
    are found anew, since files do not hold them; every value has a time axis. Weights are kept as the file holds them.

    Args:
        spec: Path of the file.
        options: Time step and convention win over those in the file; the example tells whether inputs are spikes.
            Progress is told in megabytes of arrays.

    Raises:
        UsageError: The file is missing, damaged, or no valid NIR graph, or there is no time step, or an option is
            wrong. ``diagnostics`` lists every mistake in the graph.
        UnsupportedError: The graph holds node types, loops, delays or paddings that have no meaning here;
            ``diagnostics`` lists all of them.
    """
    path = Path(spec)
    sha256 = _digest(path)
    contents = open_graph(path.name, read_root(path, options.progress))
    metadata = parse_metadata(contents.file, contents.metadata)
    draft = _draft(contents, metadata, options.dt)
    _refuse(spec, [*structure_errors(contents), *draft.errors, *draft.shapes.errors])
    dt, convention, notes = _meaning(contents.file, options, metadata)
    kinds = infer_kinds(draft.specs, draft.arrangement.wiring, options.example, metadata.input_kinds)
    waits = {name: delay_in_seconds(draft.steps[name] - 1, dt) for name in draft.arrangement.handed}
    nodes = build_nodes(contents, draft.specs, draft.arrangement, draft.shapes, kinds, waits)
    notes += (*draft.shapes.notes, *_doubts(contents.file, draft.arrangement))
    if (options.convention or metadata.convention) is None:
        notes += tuple(doubt_of_step(contents.file, draft.specs, dt))
    return Source(spec, Graph(nodes, build_edges(draft.arrangement, nodes), dt, convention, notes), sha256)


@dataclass(frozen=True, eq=False)
class _Draft:
    specs: Mapping[str, Spec]
    steps: Mapping[str, Int64Array]
    arrangement: Arrangement
    shapes: Shapes
    errors: Sequence[Diagnostic]


def _draft(contents: Contents, metadata: Metadata, dt: float | None) -> _Draft:
    """Find out all that can be known of a file, sound or not."""
    specs, errors = read_specs(contents)
    steps: dict[str, Int64Array] = {}
    dt = metadata.dt if dt is None else dt
    if dt is not None:  # without one, the file is refused when all else is known
        steps, late = delays_in_steps(contents, specs, dt)
        errors += late
    edge_delays = {n: int(steps[n].flat[0]) for n in metadata.edge_delays if _is_edge(contents, steps, n)}
    wiring = connect(contents, edge_delays, metadata.order)
    arrangement = arrange(wiring, _roles(contents, steps))
    shapes = infer_shapes(contents, specs, arrangement.wiring)
    return _Draft(specs, steps, arrangement, shapes, errors)


def _is_edge(contents: Contents, steps: Mapping[str, Int64Array], name: str) -> bool:
    """Whether a Delay node can be the delay of an edge, as it was when it was written."""
    one = len(contents.targets.get(name, ())) == 1 and sum(target == name for _, target in contents.links) == 1
    return one and name in steps and bool((steps[name] == steps[name].flat[0]).all())


def _roles(contents: Contents, steps: Mapping[str, Int64Array]) -> Roles:
    kinds = {name: TYPES.get(contents.type_of(name)) for name in contents.nodes}
    return Roles(
        inputs=[name for name, kind in kinds.items() if kind is nir.Input and name not in contents.ports],
        outputs=[name for name, kind in kinds.items() if kind is nir.Output and name not in contents.ports],
        linear={name for name, kind in kinds.items() if kind in (*LINEAR, nir.Flatten)},
        waiting={name for name, found in steps.items() if np.min(found) >= 1},
    )


def _digest(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", hint="check the path of the .nir file") from None


def _refuse(spec: str, errors: Sequence[Diagnostic]) -> None:
    if not errors:
        return
    rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if all(error.rule in VALID_BUT_REFUSED for error in errors):
        raise UnsupportedError(f"{spec}: cannot be converted: {errors[0].message}{rest}", diagnostics=errors)
    raise UsageError(f"{spec}: is not a valid NIR graph: {errors[0].message}{rest}", diagnostics=errors)


def _meaning(file: str, options: SourceOptions, metadata: Metadata) -> tuple[float, Convention, tuple[str, ...]]:
    """Settle the time step and the convention, and say what was assumed."""
    convention, notes = _convention(file, options.convention or metadata.convention)
    dt = metadata.dt if options.dt is None else options.dt
    if dt is None and convention.dt is not None:
        dt = convention.dt
        shown = format_si(dt, "s", 6)
        notes.append(f"{file} does not say how long a time step is; {shown} was taken, as {convention.name} writes it.")
    if dt is None:
        hint = "--dt TIME, or the framework that wrote it: --convention NAME (docs/conventions.md has both for each)"
        raise UsageError(f"{file}: does not say how long a time step is", hint=hint)
    if metadata.dt not in (None, dt):
        stored = format_si(metadata.dt or 0.0, "s", 6)
        notes.append(
            f"{file} was written for a time step of {stored}; {format_si(dt, 's', 6)} was asked for and taken."
        )
    return dt, convention, tuple(notes)


def _convention(file: str, name: str | None) -> tuple[Convention, list[str]]:
    if name is None:
        taken = CONVENTIONS[DEFAULT_FILE_CONVENTION]
        note = f"{file} does not say which update rule its equations stand for; {taken.name} was taken"
        return taken, [f"{note} ({taken.summary})."]
    if name not in CONVENTIONS:
        raise UsageError(f"there is no convention named {name!r}", hint=f"there are: {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name], []


def _doubts(file: str, arrangement: Arrangement) -> list[str]:
    return [
        f"{file}: a loop is fed at {', '.join(fed)}; {first} was taken to come first in a step, "
        f"and what leads back to it waits for one step."
        for first, fed in arrangement.doubts
    ]
