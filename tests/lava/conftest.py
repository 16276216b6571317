"""Helpers for tests that start processes: what a test starts is found again by a mark in the environment."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Collection
from pathlib import Path

import psutil
import pytest

MARK = "NEUROTOOL_TEST_MARK"


class Marked:
    """Processes that carry a mark, and the folder in which they may create temporary files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {MARK: self.mark, "TMPDIR": str(self.folder)}

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(MARK) == self.mark
                if marked and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def shared_memory(self) -> set[Path]:
        """Shared memory segments that are mapped by the marked processes."""
        found: set[Path] = set()
        for process in self.processes():
            try:
                maps = Path(f"/proc/{process.pid}/maps").read_text()
            except OSError:
                continue
            found |= {Path(name) for name in re.findall(r"/dev/shm/psm_\w+", maps)}
        return found

    def files(self) -> list[Path]:
        return list(self.folder.iterdir())

    @staticmethod
    def wait_until(true: Callable[[], object], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not true() and time.monotonic() < deadline:
            time.sleep(0.05)

    def assert_nothing_left(self, segments: Collection[Path] = ()) -> None:
        def left() -> list[object]:
            return [*self.processes(), *self.files(), *(path for path in segments if path.exists())]

        self.wait_until(lambda: not left(), 20.0)
        assert left() == []

    def end(self) -> None:
        for process in self.processes():
            process.kill()


@pytest.fixture
def marked(tmp_path: Path):
    folder = tmp_path / "tmp"
    folder.mkdir()
    processes = Marked(folder)
    yield processes
    processes.end()


@pytest.fixture
def marked_here(marked: Marked, monkeypatch: pytest.MonkeyPatch) -> Marked:
    """Marks what this process starts."""
    for name in (MARK, "TMPDIR"):
        monkeypatch.setenv(name, marked.environment[name])
    return marked


@pytest.fixture
def python(marked: Marked):
    """Runs a script in a session of its own and returns what it prints. Nothing of it survives.

    Lava puts a socket into the folder for temporary files, and a socket's path holds at most 107 bytes, while pytest's
    folders have long names that grow: hence the short name for the folder in which the script runs.
    """

    def run(script: str, timeout: float = 60.0, **environment: str) -> str:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=marked.environment | {"TMPDIR": "/proc/self/cwd"} | environment,
            cwd=marked.folder,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == 0, output
        return output

    return run
