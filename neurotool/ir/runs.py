"""The ``runs`` directory of a bundle: what was run, verified and estimated. It only grows."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from pydantic import AwareDatetime, Field

from neurotool.errors import UsageError
from neurotool.ir import staging
from neurotool.ir.manifest import Record, Sha256, Tool

SCHEMA: Final = "neurotool.record/1"
RECORD = "record.json"

_ID = re.compile(r"\d{8}T\d{12}Z-[a-z][a-z0-9-]*-[0-9a-f]{6}")


class RunRecord(Record):
    """``record.json``, which every run has."""

    schema_id: Literal["neurotool.record/1"] = Field(default=SCHEMA, alias="schema", description="Schema and version.")
    id: str = Field(description="Name of the directory: time (UTC), kind, random digits. Sorts by time.")
    kind: str = Field(description="What was done: run, verify, energy, ...")
    created: AwareDatetime = Field(description="When it was begun, UTC.")
    manifest_sha256: Sha256 = Field(description="Digest of the manifest at that time: which version of the bundle ran.")
    tool: Tool = Field(default_factory=Tool)


@dataclass(frozen=True)
class Run:
    """A finished run: its record and its directory."""

    record: RunRecord
    path: Path


def list_runs(folder: Path) -> tuple[Run, ...]:
    """List the finished runs in a ``runs`` directory, oldest first.

    Raises:
        UsageError: The record of a run is missing or damaged.
    """
    return tuple(_read(path) for path in sorted(folder.glob("*")) if _ID.fullmatch(path.name))


def _read(path: Path) -> Run:
    try:
        return Run(RunRecord.model_validate_json((path / RECORD).read_bytes()), path)
    except (OSError, ValueError):
        raise UsageError(f"{path / RECORD}: is missing or damaged", hint=f"remove {path}") from None


class RunWriter:
    """Collects the files of one run; they appear together when the context ends without an exception.

    Attributes:
        run: The run, whose directory exists once the context has ended.
    """

    def __init__(self, folder: Path, kind: str, manifest_sha256: str) -> None:
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S%f}Z-{kind}-{secrets.token_hex(3)}"
        if not _ID.fullmatch(name):
            raise ValueError(f"{kind!r} is no kind of run: use lower-case letters, digits and dashes")
        record = RunRecord(id=name, kind=kind, created=now, manifest_sha256=manifest_sha256)
        self.run = Run(record, folder / name)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        staged = self._stack.enter_context(staging.staging(self.run.path.parent, "run"))
        self._files = staged / "files"
        self._files.mkdir()
        (self._files / RECORD).write_text(self.run.record.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if error is None:
                staging.publish(self._files, self.run.path)

    def path(self, name: str) -> Path:
        """Return where to write the file that will be ``runs/<id>/<name>``."""
        if name == RECORD:
            raise ValueError(f"{RECORD} is written by the run itself")
        return self._files / name

    def write_json(self, name: str, data: Mapping[str, Any]) -> None:
        """Write JSON values; NaN and infinities, which JSON lacks, are refused."""
        self.path(name).write_text(json.dumps(data, indent=2, allow_nan=False) + "\n", encoding="utf-8")
