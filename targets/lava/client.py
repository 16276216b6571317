"""The caller's side: hands a job to a supervised worker and brings its records back."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from neurotool.errors import BackendFailedError, BackendMissingError, reason
from neurotool.targets.lava.job import SPIKES, Job, record_file, save
from neurotool.targets.lava.names import LOG, SUPERVISOR_MODULE

BUILD_SECONDS = 1200.0
"""A run without a time limit is given up when its network has not been built after so long, Lava's import included."""

STALL_SECONDS = 120.0
"""From then on it is given up when no step has ended for so long."""

FIX = "neurotool doctor --fix"

MORE_TIME = "give more time: --timeout 30min"
LONGER = "give more time: a longer --timeout"

_START_SECONDS = 60.0
_CLOSE_SECONDS = 15.0
_LOG_LINES = 15
_WORDS_BYTES = 16_384

Records = list[dict[str, npt.NDArray[np.generic]]]
"""For each layer, its spikes and probed variables by name, each of shape (steps, neurons)."""


def run_job(job: Job, *, deadline: float | None, on_step: Callable[[int], None]) -> tuple[Records, dict[str, str]]:
    """Run a job in Lava.

    Args:
        job: What to run.
        deadline: Value of ``time.monotonic`` at which to give up, or None to watch for progress instead.
        on_step: Told how many steps have ended.

    Returns:
        The records of each layer, and facts about the run.

    Raises:
        BackendMissingError: Lava is not installed or cannot be imported.
        BackendFailedError: Lava failed, hung, or ran out of time.
    """
    with Worker() as worker:
        save(job, worker.folder)
        worker.start()
        facts = _follow(worker, deadline, on_step)
        return [_records(worker.folder, i, layer.probes) for i, layer in enumerate(job.layers)], facts


def _records(folder: Path, layer: int, probes: tuple[str, ...]) -> dict[str, npt.NDArray[np.generic]]:
    return {name: np.load(folder / record_file(layer, name)) for name in (SPIKES, *probes)}


def _follow(worker: Worker, deadline: float | None, on_step: Callable[[int], None]) -> dict[str, str]:
    step, moved, built = -1, time.monotonic(), False
    while True:
        patience = STALL_SECONDS if built else BUILD_SECONDS
        message = worker.receive(moved + patience if deadline is None else deadline)
        if message is None:
            raise _out_of_time(worker, patience if deadline is None else None, built, max(step, 0))
        match message:
            case {"built": True}:
                moved, built = time.monotonic(), True
            case {"step": int(now)}:
                if now > step:
                    step, moved = now, time.monotonic()
                    on_step(now)
            case {"done": dict(facts)}:
                return facts
            case {"missing": text}:
                raise BackendMissingError(f"Lava cannot be imported: {text}", hint=f"run: {FIX}")
            case {"error": text}:
                raise worker.failure(f"Lava failed: {text}")
            case {"exit": code}:
                raise worker.failure(f"the Lava worker ended unexpectedly with exit code {code}")


def _out_of_time(worker: Worker, patience: float | None, built: bool, steps: int) -> BackendFailedError:
    """Make the error for a run from which nothing was heard for ``patience``, or None until its time limit."""
    if patience is None:
        return worker.failure(f"Lava did not finish within the time limit (it had done {steps} steps)", LONGER)
    what = "no step has ended for" if built else "the network was not built within"
    return worker.failure(f"Lava hangs: {what} {patience:.0f} s", MORE_TIME)


class Worker:
    """A supervised worker. Leaving the context ends all of its processes and removes its folder.

    Attributes:
        folder: Where the job is written and the records appear.
    """

    folder: Path

    def __enter__(self) -> Self:
        self._buffer = b""
        # Apart from the messages: whatever an interpreter says when it starts (warnings, coverage) must not break them.
        # A file and not a pipe, which nobody would empty while the run lasts.
        self._words = _temporary_file()
        self._supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", SUPERVISOR_MODULE, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            bufsize=0,
            start_new_session=True,
        )
        try:
            message = self.receive(time.monotonic() + _START_SECONDS)
            if message is None or "folder" not in message:
                raise BackendFailedError(
                    f"the supervisor of the Lava worker does not start: {message}", hint=self._last_words()
                )
            self.folder = Path(message["folder"])
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def start(self) -> None:
        """Let the worker run the job that has been saved in the folder."""
        assert self._supervisor.stdin is not None
        with suppress(BrokenPipeError):  # the supervisor ended: receive() will say so
            self._supervisor.stdin.write(b"run\n")

    def receive(self, deadline: float) -> dict[str, Any] | None:
        """Return the next message, or None if none came before ``deadline`` (a value of ``time.monotonic``).

        Raises:
            BackendFailedError: The supervisor failed.
        """
        while True:
            line = self._line(deadline)
            if line is None:
                return None
            message = _message(line)
            if message is not None:
                return message

    def _line(self, deadline: float) -> bytes | None:
        while b"\n" not in self._buffer:
            data = self._read(deadline)
            if data is None:
                return None
            if not data:
                raise BackendFailedError("the supervisor of the Lava worker ended", hint=self._last_words())
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _read(self, deadline: float) -> bytes | None:
        """Return what the supervisor wrote, empty if it ended, or None after ``deadline``."""
        assert self._supervisor.stdout is not None
        pipe = self._supervisor.stdout.fileno()
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        return os.read(pipe, 65536) if poll.poll(max(0.0, deadline - time.monotonic()) * 1000) else None

    def failure(self, text: str, fix: str | None = None) -> BackendFailedError:
        """Make the error for a run that failed, with the end of Lava's log and what to do about it, if anything."""
        log = self.folder / LOG  # which the supervisor makes when it starts the worker, and that may not have happened
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.is_file() else []
        said = ["the log of Lava ends with:", *lines] if lines else []
        return BackendFailedError(text, hint="\n".join([*said, *([fix] if fix else [])]) or None)

    def _last_words(self) -> str | None:
        """What the supervisor and the interpreters said on stderr, at the end."""
        descriptor = self._words.fileno()
        size = os.fstat(descriptor).st_size
        # The supervisor writes where the shared position is: this does not move it.
        said = os.pread(descriptor, _WORDS_BYTES, max(0, size - _WORDS_BYTES))
        lines = said.decode(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join(["it said last:", *lines]) if lines else None

    def _close(self) -> None:
        for pipe in (self._supervisor.stdin, self._supervisor.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self._supervisor.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()  # the worker notices and ends its session
            self._supervisor.wait()
        self._words.close()


def _temporary_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise BackendFailedError(
            f"the Lava worker needs a folder for temporary files: {reason(error)}", hint="make room, or set TMPDIR"
        ) from None


def _message(line: bytes) -> dict[str, Any] | None:
    """Read one message; None for what something else printed, which is no JSON object."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
