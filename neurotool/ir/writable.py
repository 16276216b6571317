"""Folders that a user named for output: refused early where nothing can be written."""

from __future__ import annotations

import tempfile
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
