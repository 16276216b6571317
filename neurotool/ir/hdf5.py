"""How the objects of this package lie in HDF5: a schema name at the root, gzip, and errors that name file and field.

The children of a group keep their order in an attribute ``index`` and their exact name in an attribute ``name``; the
name of the HDF5 object is the same with ``/`` and other signs that HDF5 gives a meaning percent-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import h5py
import numpy as np
import numpy.typing as npt

from neurotool.errors import UsageError

Array = npt.NDArray[np.generic]
T = TypeVar("T", bound=int | float | str)

_STORED_AS: dict[type, type] = {int: np.integer, float: np.floating, str: str}
_SAFE = "".join(chr(c) for c in range(33, 127) if chr(c) not in "/%")


class DamagedFileError(Exception):
    """A field is missing or holds something else than the schema says; :func:`reading` turns it into a UsageError."""


@contextmanager
def writing(path: Path, schema: str) -> Iterator[h5py.File]:
    """Create a file that declares ``schema``. The same content always gives the same bytes."""
    with h5py.File(path, "w") as file:
        file.attrs["schema"] = schema
        yield file


@contextmanager
def reading(path: Path, schema: str, what: str) -> Iterator[h5py.File]:
    """Open a file and check what it is.

    Args:
        path: File to read.
        schema: Schema that the reader knows, ``neurotool.<kind>/<version>``.
        what: What the file should be, in words, for messages.

    Raises:
        UsageError: The file is missing, damaged, of another kind, or from another version.
    """
    if not path.is_file():
        raise UsageError(f"{path}: {'is a directory, not a file' if path.is_dir() else 'no such file'}")
    try:
        with h5py.File(path, "r") as file:
            _check_schema(path, file, schema, what)
            yield file
    except OSError as error:
        raise UsageError(f"{path}: is damaged or not an HDF5 file: {str(error).splitlines()[0]}") from None
    except DamagedFileError as error:
        raise UsageError(f"{path}: is not a valid {what}: {error}") from None


def _check_schema(path: Path, file: h5py.File, schema: str, what: str) -> None:
    found = file.attrs.get("schema")
    if not isinstance(found, str) or found.partition("/")[0] != schema.partition("/")[0]:
        raise UsageError(f"{path}: is not a {what}: its schema is {found or 'not declared'}, expected {schema}")
    if found != schema:
        raise UsageError(
            f"{path}: its schema is {found}, this version reads {schema}",
            hint="update neurotool, or make the file again with this version",
        )


def child(parent: h5py.Group, name: str) -> h5py.Group:
    """Make a sub-group for the next item of ``parent``."""
    index = len(parent)
    group = parent.create_group(_key(name))
    group.attrs["index"], group.attrs["name"] = index, name
    return group


def put(parent: h5py.Group, name: str, values: Array) -> h5py.Dataset:
    """Write an array, compressed, as the next item of ``parent``."""
    index = len(parent)
    data = parent.create_dataset(_key(name), data=values, compression="gzip", shuffle=True)
    data.attrs["index"], data.attrs["name"] = index, name
    return data


def _key(name: str) -> str:
    # HDF5 reads "." as "this group", so a name of dots alone is encoded as well.
    return quote(name, safe=_SAFE) if name.strip(".") else name.replace(".", "%2E")


def group(parent: h5py.Group, name: str) -> h5py.Group:
    """Return a sub-group that must be there."""
    found = parent.get(name)
    if not isinstance(found, h5py.Group):
        raise DamagedFileError(f"group {_field(parent, name)} is missing")
    return found


def items(parent: h5py.Group, kind: type[h5py.Group] | type[h5py.Dataset]) -> Iterator[tuple[str, h5py.HLObject]]:
    """Yield the children of a group with their exact names, in the order in which they were written."""
    for found in parent.values():
        if not isinstance(found, kind):
            raise DamagedFileError(f"{found.name} is no {kind.__name__.lower()}")
    for found in sorted(parent.values(), key=lambda item: attribute(item, "index", int)):
        yield attribute(found, "name", str), found


def int64_values(data: h5py.Dataset) -> npt.NDArray[np.int64]:
    """Return the values of a dataset that must hold 64-bit integers."""
    if data.dtype != np.int64:
        raise DamagedFileError(f"dataset {data.name} holds {data.dtype}, expected int64")
    return np.asarray(data[()], dtype=np.int64)


def attribute(item: h5py.HLObject, name: str, kind: type[T]) -> T:
    """Return an attribute that must be there, as ``int``, ``float`` or ``str``."""
    if name not in item.attrs:
        raise DamagedFileError(f"attribute {_field(item, name)} is missing")
    value: Any = item.attrs[name]
    if not issubclass(type(value), _STORED_AS[kind]):
        raise DamagedFileError(f"attribute {_field(item, name)} holds {_shown(value)}, expected {kind.__name__}")
    converted: T = kind(value)
    return converted


def integers(item: h5py.HLObject, name: str) -> tuple[int, ...]:
    """Return an attribute that holds a list of integers, such as a shape."""
    value = item.attrs.get(name)
    if not isinstance(value, np.ndarray) or value.dtype.kind != "i":
        raise DamagedFileError(f"attribute {_field(item, name)} holds {_shown(value)}, expected integers")
    return tuple(int(number) for number in value)


def strings(item: h5py.HLObject, name: str) -> tuple[str, ...]:
    """Return an attribute that holds a list of strings."""
    value = item.attrs.get(name)
    if not isinstance(value, np.ndarray) or not all(isinstance(text, str) for text in value):
        raise DamagedFileError(f"attribute {_field(item, name)} holds {_shown(value)}, expected strings")
    return tuple(value)


def put_strings(item: h5py.HLObject, name: str, values: tuple[str, ...]) -> None:
    """Write a list of strings as an attribute."""
    item.attrs.create(name, np.array(values, dtype=object), dtype=h5py.string_dtype())


def _field(item: h5py.HLObject, name: str) -> str:
    return f"{item.name.rstrip('/')}/{name}"


def _shown(value: Any) -> str:
    return repr(value.tolist() if isinstance(value, np.ndarray | np.generic) else value)
