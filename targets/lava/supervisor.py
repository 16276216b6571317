"""Starts one worker and outlives it: whatever ends the command, the worker's processes and files end with it.

Run as ``python -m neurotool.targets.lava.supervisor PARENT_PID``. It makes the working folder and names it on stdout,
waits for ``run`` on stdin, and starts the worker in a session of its own, which reports on the same stdout. It ends
everything as soon as stdin closes (the parent asks for it, or is dead) or the parent is gone although someone it forked
still holds stdin open. Only the standard library is imported.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from neurotool.targets.lava.names import LOG, WORKER_MODULE

_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PR_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.2
_GRACE_SECONDS = 3.0


def main(parent: int) -> None:
    """Serve one run for the process ``parent``."""
    for number in _ENDINGS:
        signal.signal(number, _leave)
    # Descendants of the worker that lose their parent become children of this process, so that none is out of reach.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder: Path | None = None
    worker: subprocess.Popen[bytes] | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="neurotool-lava-"))
        _report(folder=str(folder))
        if _wait_for_parent(parent, until_ready=True):
            worker = _start_worker(folder)
            _watch(worker.pid, parent)
    finally:
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        if worker is not None:
            # The worker has not been reaped, so no other process can have its number.
            os.killpg(worker.pid, signal.SIGTERM)
            os.killpg(worker.pid, signal.SIGCONT)  # a stopped process would not notice
        _end_descendants()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _report(**message: object) -> None:
    """Write one message to the parent; if nobody reads any more, stdin will say so too."""
    try:
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")
    except BrokenPipeError:
        raise SystemExit(0) from None


def _wait_for_parent(parent: int, *, until_ready: bool = False) -> bool:
    """Look at stdin once, or until it says something.

    Returns:
        Whether the parent is there and (with ``until_ready``) wants the run.
    """
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin.fileno()], [], [], _POLL_SECONDS)
        if readable:
            return os.read(sys.stdin.fileno(), 4096) != b""
        if not until_ready:
            return True
    return False


def _start_worker(folder: Path) -> subprocess.Popen[bytes]:
    """Start the worker as leader of a new session. Its stdin is a pipe that closes if this process dies.

    multiprocessing puts a socket into the folder, whose path must not exceed 107 bytes: hence its short name.
    """
    with (folder / LOG).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", WORKER_MODULE, str(folder)],
            stdin=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=os.environ | {"TMPDIR": "/proc/self/cwd"},
            start_new_session=True,
        )


def _watch(worker: int, parent: int) -> None:
    """Return when the parent no longer wants the run. A worker that ends by itself is reported, but not reaped."""
    reported = False
    while _wait_for_parent(parent):
        ended = None if reported else os.waitid(os.P_PID, worker, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None:
            _report(exit=ended.si_status)
            reported = True


def _end_descendants() -> None:
    """Wait until every process that descends from this one has ended, and make it end if it takes long.

    The worker's group has been sent SIGTERM: multiprocessing's resource tracker ignores it, sees its last client go,
    and unlinks the shared memory that the others left behind. Lava's own processes do not handle it.
    """
    deadline = time.monotonic() + _GRACE_SECONDS
    while _reap():
        if time.monotonic() > deadline:
            for child in _children():
                os.kill(child, signal.SIGKILL)
        time.sleep(0.01)


def _reap() -> bool:
    """Collect every child that has ended; return whether any is left."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return False
    return True


def _children() -> Iterator[int]:
    """Yield the living or unreaped children of this process."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):  # the process ended while we looked
            continue
        if parent == os.getpid():
            yield int(stat.parent.name)


if __name__ == "__main__":
    main(int(sys.argv[1]))
