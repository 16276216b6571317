"""A user's own constants, laid over a chip or device file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from neurotool.chips.chip import Chip
from neurotool.chips.constant import Constant
from neurotool.chips.device import Device
from neurotool.errors import UsageError, reason

Entry = TypeVar("Entry", Chip, Device)


def read_overrides(paths: Iterable[Path]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Read files of constants.

    A file maps the name of a chip or device to the constants to replace, in the form of its data file::

        loihi1:
          costs:
            message: {value: 20, low: 2, high: 40, unit: pJ, basis: silicon, citation: "own board", date: 2026}

    Args:
        paths: The files; a later one wins.

    Returns:
        By chip or device: the files that speak of it, and the replacements.

    Raises:
        UsageError: A file cannot be read or has another form.
    """
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in paths:
        for name, fields in _read(path).items():
            files, known = found.get(name, ("", {}))
            found[name] = (f"{files}, {path}" if files else str(path), _merged(known, fields))
    return found


def override(entry: Entry, overrides: Mapping[str, tuple[str, dict[str, Any]]]) -> Entry:
    """Replace constants of a chip or device.

    Args:
        entry: The chip or device.
        overrides: As :func:`read_overrides` gives them; those of other chips and devices are passed over.

    Raises:
        UsageError: A replacement is no constant of the entry, or lacks a source, a range or a fitting unit.
    """
    if entry.name not in overrides:
        return entry
    where, fields = overrides[entry.name]
    refused = [place for place, old in _replaced(entry, fields) if not isinstance(old, Constant)]
    if refused:
        raise UsageError(
            f"{where}: {entry.name} has no constant named {', '.join(refused)}",
            hint=f"use the names of docs/energy.md, such as {', '.join(list(_constants(entry))[:3])}",
        )
    content = _merged(entry.model_dump(mode="json"), fields)
    try:
        return type(entry).model_validate(content)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise UsageError(
            f"{where}: {entry.name}: {'; '.join(found)}",
            hint="every constant needs value, low, high, unit, basis, citation and date",
        ) from None


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not a YAML file: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or not all(isinstance(fields, dict) for fields in content.values()):
        raise UsageError(f"{path}: expected names of chips or devices, each with the constants to replace")
    return {str(name): fields for name, fields in content.items()}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Lay ``new`` over ``old``. A constant is replaced whole: half of one would keep a source that is not its own."""
    merged = dict(old)
    for name, value in new.items():
        inner = merged.get(name)
        deeper = isinstance(inner, dict) and isinstance(value, dict) and "value" not in inner
        merged[name] = _merged(inner, value) if deeper and isinstance(inner, dict) else value
    return merged


def _replaced(entry: object, fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """What each replacement takes the place of, by its dotted name."""
    for name, value in fields.items():
        old = entry.get(name) if isinstance(entry, Mapping) else getattr(entry, str(name), None)
        if isinstance(value, Mapping) and isinstance(old, BaseModel | Mapping) and not isinstance(old, Constant):
            yield from _replaced(old, value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", old


def _constants(entry: BaseModel, prefix: str = "") -> Iterator[str]:
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if isinstance(value, Constant):
            yield prefix + name
        elif isinstance(value, BaseModel):
            yield from _constants(value, f"{prefix}{name}.")
