"""What neurotool adds to the metadata of a NIR graph, in a group of its own: ``metadata/neurotool``.

NIR stores neither the time step nor the update rule nor an order of the nodes; other tools skip metadata that they do
not know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurotool import __version__
from neurotool.errors import UsageError
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.graph import Graph
from neurotool.ir.values import ValueKind

_GROUP = "neurotool"


@dataclass(frozen=True)
class Metadata:
    """What a file says about its discrete meaning.

    Attributes:
        dt: Time step in seconds, or None.
        convention: Name in ``CONVENTIONS``, or None.
        input_kinds: Kinds of the values of inputs.
        order: Names of the nodes in the order in which they were held.
        edge_delays: Delay nodes that stand for the delay of an edge.
    """

    dt: float | None = None
    convention: str | None = None
    input_kinds: Mapping[str, ValueKind] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    edge_delays: tuple[str, ...] = ()


def metadata_of(graph: Graph, edge_delays: Sequence[str]) -> dict[str, Any]:
    """Return the metadata to write with a graph.

    Args:
        graph: The graph.
        edge_delays: Delay nodes that are written for edges.
    """
    kinds = {name: str(graph.nodes[name].kind) for name in graph.inputs}
    own = {
        "version": __version__,
        "dt": graph.dt,
        "convention": graph.convention.name,
        "input_kinds": kinds,
        "order": list(graph.nodes),
    }
    return {_GROUP: own | ({"edge_delays": list(edge_delays)} if edge_delays else {})}


def parse_metadata(file: str, metadata: Mapping[str, Any]) -> Metadata:
    """Read what :func:`metadata_of` wrote, if it is there.

    Args:
        file: Name of the file, for messages.
        metadata: Metadata of the graph.

    Raises:
        UsageError: An entry is there but is not what it should be.
    """
    own = metadata.get(_GROUP)
    if not isinstance(own, Mapping):
        return Metadata()
    convention = own.get("convention")
    kinds = own.get("input_kinds", {})
    try:
        parsed = {name: ValueKind(kind) for name, kind in kinds.items()}
    except (ValueError, AttributeError):
        raise _damaged(file, "input_kinds", kinds) from None
    if convention is not None and (not isinstance(convention, str) or convention not in CONVENTIONS):
        raise _damaged(file, "convention", convention, f"it must be one of {', '.join(CONVENTIONS)}")
    names = {entry: _names(file, entry, own.get(entry)) for entry in ("order", "edge_delays")}
    return Metadata(_dt(file, own.get("dt")), convention, parsed, **names)


def _names(file: str, entry: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    try:
        return tuple(name.decode("utf8") for name in np.asarray(value).ravel())
    except (AttributeError, UnicodeDecodeError):
        raise _damaged(file, entry, value, "it must be a list of names") from None


def _dt(file: str, value: Any) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (float, np.floating)) or not 0.0 < value < math.inf:
        raise _damaged(file, "dt", value, "it must be a positive number of seconds")
    return float(value)


def _damaged(file: str, name: str, value: Any, hint: str | None = None) -> UsageError:
    return UsageError(f"{file}: its metadata {_GROUP}/{name} is {value!r}", hint=hint)
