"""The directory that a user ships: a manifest, the files it lists, and the runs made with them (docs/bundle.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from neurotool.data.digest import file_sha256
from neurotool.errors import UsageError
from neurotool.ir.bundle_writer import RUNS, BundleWriter, check_output
from neurotool.ir.manifest import FileRecord, Manifest
from neurotool.ir.manifest_file import MANIFEST, read_manifest
from neurotool.ir.runs import Run, RunWriter, list_runs

__all__ = ["MANIFEST", "Bundle", "BundleWriter", "Run", "RunWriter", "check_output"]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle whose files were found to be those that were written.

    Attributes:
        path: Its directory.
        manifest: Its table of contents.
        sha256: Digest of the manifest, and through it of every file.
    """

    path: Path
    manifest: Manifest
    sha256: str

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a bundle and check every file in it.

        Raises:
            UsageError: The directory is no bundle, or a file is missing, truncated or edited; the message names it.
        """
        manifest = read_manifest(path)
        for record in manifest.files.values():
            _check(path / record.path, record)
        return cls(path, manifest, file_sha256(path / MANIFEST))

    def file(self, key: str) -> Path:
        """Return the path of a file.

        Raises:
            KeyError: The manifest lists no such key.
        """
        return self.path / self.manifest.files[key].path

    def new_run(self, kind: str) -> RunWriter:
        """Begin a run; use the result as a context manager.

        Args:
            kind: What is done: ``run``, ``verify``, ``energy``, ...
        """
        return RunWriter(self.path / RUNS, kind, self.sha256)

    def runs(self) -> tuple[Run, ...]:
        """List the finished runs, oldest first."""
        return list_runs(self.path / RUNS)


def _check(path: Path, record: FileRecord) -> None:
    hint = "copy the bundle again, or convert the model again"
    if not path.is_file():
        raise UsageError(f"{path}: is missing, the manifest lists it", hint=hint)
    size = path.stat().st_size
    if size < record.bytes:
        raise UsageError(f"{path}: is truncated: {size} of {record.bytes} bytes", hint=hint)
    if size > record.bytes:
        raise UsageError(f"{path}: is edited: {size} bytes, expected {record.bytes}", hint=hint)
    digest = file_sha256(path)
    if digest != record.sha256:
        raise UsageError(
            f"{path}: is edited: its SHA-256 begins {digest[:12]}, expected {record.sha256[:12]}", hint=hint
        )
