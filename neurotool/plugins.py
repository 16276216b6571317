"""Finds converters, program formats and targets by entry point, so that no core module imports one by name.

A plug-in that fails to import is remembered, not raised: ``neurotool doctor`` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from neurotool.errors import BackendMissingError

CONVERTERS = "neurotool.converters"
PROGRAM_FORMATS = "neurotool.program_formats"
TARGETS = "neurotool.targets"


@dataclass(frozen=True)
class Plugin:
    """One entry point: the object it names, or why it could not be imported."""

    name: str
    value: Any
    error: str = ""


@cache
def _points(group: str) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=group), key=lambda p: p.name))


@cache
def _load(point: EntryPoint) -> Plugin:
    try:
        return Plugin(point.name, point.load())
    except Exception as error:  # a plug-in of a third party may fail in any way
        return Plugin(point.name, None, f"{type(error).__name__}: {error}")


def names(group: str) -> tuple[str, ...]:
    """Names of the plug-ins in a group, without importing them."""
    return tuple(point.name for point in _points(group))


def load_all(group: str) -> tuple[Plugin, ...]:
    """Import every plug-in of a group; broken ones come back with ``error`` set."""
    return tuple(_load(point) for point in _points(group))


def load(group: str, name: str) -> Any:
    """Import one plug-in.

    Raises:
        BackendMissingError: There is none of that name, or it cannot be imported.
    """
    for point in _points(group):
        if point.name == name:
            plugin = _load(point)
            if plugin.error:
                raise BackendMissingError(
                    f"{group} {name!r} cannot be imported: {plugin.error}", hint="run: neurotool doctor"
                )
            return plugin.value
    raise BackendMissingError(
        f"no {group.removeprefix('neurotool.').rstrip('s')} named {name!r}",
        hint=f"there are: {', '.join(names(group))}",
    )
