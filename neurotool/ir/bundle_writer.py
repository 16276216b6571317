"""Writes bundles: a new one appears whole, an existing one changes by one atomic replacement of its manifest."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from neurotool.data.digest import file_sha256
from neurotool.errors import UsageError
from neurotool.ir import staging
from neurotool.ir.atomic_file import replace
from neurotool.ir.manifest import FileRecord, Manifest
from neurotool.ir.manifest_file import MANIFEST, read_manifest
from neurotool.ir.writable import check_writable

RUNS = "runs"

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_HASH_DIGITS = 12


def check_output(out: Path, force: bool) -> None:
    """Refuse an output directory that must not be written, before any work is done.

    Raises:
        UsageError: ``out`` exists and ``force`` is not set, it is something else than a bundle, or nothing can be
            written there.
    """
    if not out.exists() and not out.is_symlink():
        if not _nearest_parent(out).is_dir():
            raise UsageError(f"{out}: cannot be made, {_nearest_parent(out)} is not a directory")
        check_writable(out.parent)
        return
    if not force:
        raise UsageError(f"{out}: exists already", hint="choose another --out, or replace a bundle with --force")
    try:
        read_manifest(out)
    except UsageError as error:
        raise UsageError(
            f"{out}: is not a whole bundle, so --force does not replace it ({error.message})",
            hint="choose another --out, or remove it yourself",
        ) from None
    check_writable(out.resolve().parent)
    check_writable(out)


def _nearest_parent(path: Path) -> Path:
    return next(parent for parent in path.absolute().parents if parent.exists())


class BundleWriter:
    """Builds a bundle beside its place and puts it there in one step.

    Use it as a context manager: leaving it without :meth:`commit` leaves everything as it was.

    Args:
        out: The bundle directory.
        force: Whether an existing bundle may be replaced.

    Raises:
        UsageError: See :func:`check_output`.
    """

    def __init__(self, out: Path, force: bool = False) -> None:
        check_output(out, force)
        self._out = out.resolve()
        self._force = force
        self._files: dict[str, FileRecord] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # Missing parents are made by the commit, so that a failed conversion leaves nothing.
        folder = self._stack.enter_context(staging.staging(_nearest_parent(self._out), self._out.name))
        self._staged, self.scratch = folder / "bundle", folder / "scratch"
        self._staged.mkdir()
        self.scratch.mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def files(self) -> dict[str, FileRecord]:
        """What was added so far, by key: the ``files`` of the manifest."""
        return dict(self._files)

    def add(self, key: str, content: Path | bytes, suffix: str) -> FileRecord:
        """Add a file; its name in the bundle is made of the key, its digest and the suffix.

        Args:
            key: Name of the file in the manifest: letters, digits, dots, dashes, underscores.
            content: The bytes, or a file to copy; ``scratch`` is a directory for such files.
            suffix: End of the file name, such as ``.program.h5``.
        """
        if key in self._files or not _KEY.fullmatch(key + suffix):
            raise ValueError(f"{key + suffix!r} is no file name or was added before")
        staged = self._staged / key
        if isinstance(content, bytes):
            staged.write_bytes(content)
        else:
            shutil.copyfile(content, staged)
        digest = file_sha256(staged)
        name = f"{key}.{digest[:_HASH_DIGITS]}{suffix}"
        staged.rename(self._staged / name)
        self._files[key] = FileRecord(path=name, sha256=digest, bytes=(self._staged / name).stat().st_size)
        return self._files[key]

    def commit(self, manifest: Manifest) -> None:
        """Put the bundle in its place.

        Args:
            manifest: Table of contents; its ``files`` are those of this writer.

        Raises:
            UsageError: Something appeared at the place in the meantime, or it cannot be written.
        """
        if manifest.files != self._files:
            raise ValueError("the manifest lists other files than were added")
        (self._staged / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        check_output(self._out, self._force)
        if self._out.exists():
            self._replace(manifest)
        else:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            staging.publish(self._staged, self._out)

    def _replace(self, manifest: Manifest) -> None:
        with _exclusive(self._out):
            # Names are made from content, so this never changes what the old manifest lists; it may repair it.
            for record in manifest.files.values():
                replace(self._staged / record.path, self._out / record.path)
            replace(self._staged / MANIFEST, self._out / MANIFEST)
            _prune(self._out, {record.path for record in manifest.files.values()})


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Wait until no other writer replaces files in a bundle, and keep others waiting."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _prune(folder: Path, listed: set[str]) -> None:
    """Remove files of earlier versions of the bundle; what else a user keeps there is left alone."""
    content_named = re.compile(rf".+\.[0-9a-f]{{{_HASH_DIGITS}}}\..+")
    for file in folder.iterdir():
        if file.is_file() and file.name not in listed and content_named.fullmatch(file.name):
            file.unlink()
