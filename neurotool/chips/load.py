"""Finds and reads chip and device files: the built-in ones by name, a user's own by path."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from neurotool.chips.chip import Chip
from neurotool.chips.device import Device
from neurotool.errors import UsageError, reason

_Entry = TypeVar("_Entry", Chip, Device)


def available_chips() -> tuple[str, ...]:
    """Names of the built-in chips."""
    return _names("chip")


def available_devices() -> tuple[str, ...]:
    """Names of the built-in devices."""
    return _names("device")


def load_chip(name_or_path: str | Path) -> Chip:
    """Read a chip.

    Args:
        name_or_path: Name of a built-in chip, or path of a YAML file of the same form.

    Raises:
        UsageError: There is no such chip, or the file is not a complete description with sources.
    """
    return _load(name_or_path, Chip, "chip", available_chips())


def load_device(name_or_path: str | Path) -> Device:
    """Read a device; see :func:`load_chip`."""
    return _load(name_or_path, Device, "device", available_devices())


@cache
def _built_in() -> dict[str, tuple[str, str]]:
    """Kind and text of every built-in file, by name."""
    found: dict[str, tuple[str, str]] = {}
    for entry in sorted(resources.files("neurotool.chips").joinpath("data").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            text = entry.read_text(encoding="utf-8")
            found[entry.name.removesuffix(".yaml")] = (str(_parse(text, entry.name).get("kind")), text)
    return found


def _names(kind: str) -> tuple[str, ...]:
    return tuple(name for name, (found, _) in _built_in().items() if found == kind)


def _load(name_or_path: str | Path, model: type[_Entry], kind: str, known: tuple[str, ...]) -> _Entry:
    name = str(name_or_path)
    path = Path(name)
    if name in known:
        return _validate(_parse(_built_in()[name][1], name), name, model)
    if not path.is_file():
        raise UsageError(
            f"there is no {kind} named {name!r} and no such file",
            hint=f"use one of {', '.join(known)}, or the path of a YAML file",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    return _validate(_parse(text, name), name, model)


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{where}: not a YAML file: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{where}: expected a mapping of fields")
    return content


def _validate(content: dict[str, Any], where: str, model: type[_Entry]) -> _Entry:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = [
            f"{'.'.join(str(part) for part in e['loc']) or 'file'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise UsageError(
            f"{where}: {'; '.join(found)}",
            hint="every constant needs value, low, high, unit, basis, citation and date",
        ) from None
