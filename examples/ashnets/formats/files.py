"""Reads JSON files and lines with errors that name file, line and field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from neurotool.errors import UsageError

Record = TypeVar("Record", bound=BaseModel)


def read_json(path: Path, model: type[Record], source: str) -> Record:
    """Read a file that holds one JSON object.

    Args:
        path: The file.
        model: What it must hold; further fields are ignored.
        source: Where a user gets the file, for the error.

    Raises:
        UsageError: The file is absent, is no JSON, or lacks a field.
    """
    try:
        return TypeAdapter(model).validate_json(_bytes(path, source))
    except ValidationError as error:
        raise UsageError(f"{path}: {_first(error)}", hint=source) from None


def read_lines(path: Path, model: type[Record], source: str) -> Iterator[Record]:
    """Read a file with a JSON object on each line; arguments and errors as for :func:`read_json`."""
    adapter = TypeAdapter(model)
    for number, line in enumerate(_bytes(path, source).splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield adapter.validate_json(line)
        except ValidationError as error:
            raise UsageError(f"{path}, line {number}: {_first(error)}", hint=source) from None


def _bytes(path: Path, source: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", hint=source) from None


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    place = ".".join(map(str, found["loc"]))
    return f"{place}: {found['msg']}" if place else str(found["msg"])
