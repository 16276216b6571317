"""Runs one job in Lava, in an interpreter of its own.

Started by the supervisor as ``python -m neurotool.targets.lava.worker FOLDER``, as leader of a new session. Messages go
to stdout as JSON lines: ``{"built": true}`` when the network stands, ``{"step": n}`` while it runs, then
``{"done": {...}}``, ``{"missing": text}`` (Lava cannot be imported) or ``{"error": text}``. Everything that Lava itself
prints goes to stderr, the log.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from neurotool.targets.lava import repairs
from neurotool.targets.lava.names import LAVA

Report = Callable[..., None]

_POLL_SECONDS = 0.05
_ERROR_SECONDS = 5.0


class LavaProcessError(Exception):
    """A Lava process failed; the text is its last exception."""


class _NoTorch(MetaPathFinder):
    """Keeps torch out: it starts threads, and a process that is forked after that hangs in it.

    None in ``sys.modules`` would keep it out as well, but scipy takes what it finds there for torch.
    """

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "torch":
            raise ModuleNotFoundError("no torch beside Lava", name=fullname)


def main(folder: Path) -> NoReturn:
    """Run the job in ``folder`` and leave."""
    report = _take_stdout()
    threading.Thread(target=_die_with_supervisor, args=(folder,), daemon=True).start()
    try:
        report(done=run(folder, report))
    except ImportError as error:
        traceback.print_exc()
        report(missing=_one_line(error))
    except LavaProcessError as error:
        report(error=str(error))
    except Exception as error:
        traceback.print_exc()
        report(error=_one_line(error))
    # Lava is not asked to stop, since its stop can hang: the supervisor ends this session in every case.
    os._exit(0)


def run(folder: Path, report: Report) -> dict[str, str]:
    """Build and run the job in ``folder``.

    Returns:
        Facts about the run.

    Raises:
        ImportError: Lava cannot be imported.
        LavaProcessError: A Lava process failed.
    """
    sys.meta_path.insert(0, _NoTorch())
    repairs.install()
    import numpy as np
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg

    from neurotool.targets.lava import job as jobs
    from neurotool.targets.lava.build import build

    job = jobs.load(folder)
    processes = build(job, folder)
    processes[0].run(
        condition=RunSteps(num_steps=job.steps, blocking=False), run_cfg=Loihi2SimCfg(select_tag="fixed_pt")
    )
    report(built=True)
    counter = np.load(folder / jobs.COUNTER, mmap_mode="r")
    _wait(processes[0].runtime, lambda: report(step=int(counter[0])))
    return {"lava": version(LAVA), "processes": str(len(processes)), "mode": "fixed_pt"}


def _wait(runtime: Any, tick: Callable[[], None]) -> None:
    """Wait for the end of a run, or for the first process that fails.

    Lava's own wait hangs when a process fails, since the others wait for its messages.
    """
    from lava.magma.runtime.mgmt_token_enums import MGMT_RESPONSE, enum_equal

    actors = runtime._messaging_infrastructure.actors
    while not all(port.probe() for port in runtime.service_to_runtime):
        _raise_failure(actors)
        tick()
        time.sleep(_POLL_SECONDS)
    if all(enum_equal(port.recv(), MGMT_RESPONSE.DONE) for port in runtime.service_to_runtime):
        return
    # A failing process tells its service first and leaves its exception a moment later.
    deadline = time.monotonic() + _ERROR_SECONDS
    while time.monotonic() < deadline:
        _raise_failure(actors)
        time.sleep(_POLL_SECONDS)
    raise LavaProcessError("the runtime reported an error without saying which")


def _raise_failure(actors: list[Any]) -> None:
    for actor in actors:
        code = actor.exitcode  # looked at first, because a process leaves its exception before it ends
        if actor.exception is not None:
            error, trace = actor.exception
            print(trace, file=sys.stderr, flush=True)
            raise LavaProcessError(_one_line(error))
        if code is not None:
            raise LavaProcessError(f"a Lava process ended with exit code {code}")


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _take_stdout() -> Report:
    """Keep stdout for messages and send what anything else prints there to stderr."""
    channel = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def report(**message: object) -> None:
        os.write(channel, json.dumps(message).encode() + b"\n")

    return report


def _die_with_supervisor(folder: Path) -> None:
    """If the supervisor is killed, which closes stdin, do its work: remove the folder and end the whole session.

    Reads the descriptor: ``sys.stdin`` has a lock that a forked process would inherit in its locked state.
    """
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
