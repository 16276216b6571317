"""Files that change in a single step: other processes, and a disk after a power cut, hold the old or the new one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurotool.errors import UsageError, reason


@contextmanager
def replacing(path: Path, option: str = "", *, parents: bool = False) -> Iterator[Path]:
    """Give a path to write a file at, which takes its place when the context ends without an exception.

    The mode of the file is the one that the umask asks for.

    Args:
        path: Where the file will be.
        option: Option that named it, for the message.
        parents: Whether to make the folders that it lies in where they are missing.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            staged = Path(folder, path.name)
            yield staged
            replace(staged, path)
    except OSError as error:
        name = f"{option}: {path}" if option else str(path)
        raise UsageError(f"{name} cannot be written: {reason(error)}") from None


def replace(file: Path, place: Path) -> None:
    """Replace one file by another of the same file system, on disk too."""
    flush(file)
    file.replace(place)
    flush(place.parent)


def flush(path: Path) -> None:
    """Wait until a file or the entries of a directory are on disk, so that a power cut cannot reorder them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
