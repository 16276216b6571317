"""Files that a user asked for: refused early where they cannot be written, and whole once they are there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurotool.errors import UsageError, reason


def check_writable(folder: Path, option: str = "") -> None:
    """Refuse a folder in which no file can be made, before long work is done for it.

    Of a missing folder the nearest parent that exists counts, in which it could be made. A file without a name is made
    to find out: permissions alone tell neither of a disk that is read-only nor of a folder that takes no files.

    Args:
        folder: Folder that will be written to.
        option: Option that named it, for the message.

    Raises:
        UsageError: Nothing can be written there.
    """
    nearest = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    name = f"{option}: {folder}" if option else str(folder)
    if not nearest.is_dir():
        raise UsageError(f"{name} cannot be written to: {nearest} is not a directory")
    try:
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        raise UsageError(f"{name}: cannot be written to: {reason(error)}") from None


@contextmanager
def whole(path: Path, option: str = "") -> Iterator[Path]:
    """Give a path to write a file at, which takes its place when the context ends without an exception.

    Other processes see the old file or the whole new one. Its mode is the one that the umask asks for.

    Args:
        path: Where the file will be.
        option: Option that named it, for the message.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            staged = Path(folder, path.name)
            yield staged
            staged.replace(path)
    except OSError as error:
        name = f"{option}: {path}" if option else str(path)
        raise UsageError(f"{name} cannot be written: {reason(error)}") from None
