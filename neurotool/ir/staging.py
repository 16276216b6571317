"""Directories that appear whole or not at all.

Something new is built in a hidden directory on the same file system and renamed into place. Its owner holds a lock on
it, which the system drops when the owner dies in whatever way; so a later writer can tell what was left behind from
what is being built at this moment.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neurotool.errors import UsageError
from neurotool.ir.atomic_file import flush

TRIES = 10
"""Directories to make before giving up, when other writers clear each away before it is locked."""


@contextmanager
def staging(parent: Path, name: str) -> Iterator[Path]:
    """Make a hidden directory in ``parent`` that is gone when the context ends, and clear what dead owners left.

    Args:
        parent: Directory in which the result will appear; made if its own parent exists.
        name: What is being built; tells its staging directories from those of other things.

    Raises:
        UsageError: ``parent`` cannot be written to.
    """
    prefix = f".{name}.staging-"
    try:
        parent.mkdir(exist_ok=True)
        _clear(parent, prefix)
        folder, lock = _make(parent, prefix)
    except OSError as error:
        raise UsageError(f"{parent}: cannot be written to: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    for _ in range(TRIES):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            lock = _try_lock(folder)
        except OSError:
            folder.rmdir()
            raise
        if lock is not None:
            return folder, lock
        # Another writer found the directory before it was locked and is clearing it away.
    raise BlockingIOError(errno.EWOULDBLOCK, "other writers clear away what is being made")


def _clear(parent: Path, prefix: str) -> None:
    for folder in parent.iterdir():
        if folder.name.startswith(prefix):
            _clear_away(folder)


def _clear_away(folder: Path) -> None:
    """Remove what a dead owner left; what cannot be locked, such as another user's, does no harm where it is."""
    with suppress(OSError):
        lock = _try_lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _try_lock(folder: Path) -> int | None:
    """Lock a directory and return the descriptor that holds the lock; None if someone else has it or it is gone.

    Raises:
        OSError: It cannot be opened, or the file system has no locks.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    locked = False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = folder.exists()
    except BlockingIOError:
        pass
    finally:
        if not locked:
            os.close(descriptor)
    return descriptor if locked else None


def publish(folder: Path, place: Path) -> None:
    """Rename a finished directory to its place, where nothing must be.

    Raises:
        UsageError: Something is there already.
    """
    for file in folder.iterdir():
        flush(file)
    try:
        folder.rename(place)
    except OSError as error:
        raise UsageError(f"{place}: cannot be put in place: {error.strerror}") from None
    flush(place.parent)
