"""Whatever happens to a Lava run, it ends with an error of ours, and no process, file or shared memory is left."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from neurotool.errors import BackendFailedError, BackendMissingError
from neurotool.targets.lava import client
from neurotool.targets.lava.job import Connection, Job, Layer, Source
from neurotool.targets.lava.window import Window

LONG_RUN = """
import signal, sys
import numpy as np
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.plugins import load

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with SIGINT ignored
parameters = {n: np.full(40, v) for n, v in dict(du=0, dv=0, vth=9, bias_mant=0, bias_exp=0).items()}
program = ChipProgram(
    1e-3,
    {"x": InputPort("x", (40,))},
    {n: Population(n, "lif", (40,), parameters, s, 1.0) for n, s in (("a", 1), ("b", 2))},
    {n: Projection(n, n[0], n[1], np.full((40, 40), 2)) for n in ("xa", "ab")},
    (OutputPort("b", OutputKind.SPIKES),),
)
x = np.ones((100, 2000, 40), bool)
print("go", flush=True)
told = []

def progress(done, total):
    if done > 0 and not told:
        told.append(print("running", flush=True))

load("neurotool.targets", "lava").run_program(program, {"x": x}, RunOptions(probes=("u",), progress=progress))
"""

ENDS = [signal.SIGTERM, signal.SIGINT, signal.SIGKILL]


def lif(size: int = 1, **parameters: int) -> Layer:
    values = {"du": 4095, "dv": 0, "vth": 5, "bias_mant": 0, "bias_exp": 0} | parameters
    arrays = {name: np.full(size, value) for name, value in values.items()}
    return Layer("n", "lif", size, arrays, {}, ("u", "v"), Window(0, 10, 10))


def job(layer: Layer, steps: int) -> Job:
    source = Source("x", np.zeros((1, steps), np.int32))
    return Job(steps, (source,), (layer,), (Connection("x", "n", "a_in", {"weights": np.full((layer.size, 1), 2)}),))


@pytest.mark.lava
@pytest.mark.parametrize("moment", ["starting", "running"])
@pytest.mark.parametrize("trial", [0, 1])
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.name)
def test_nothing_is_left_of_a_killed_command(marked, end, moment, trial):
    delay = random.Random(f"{end}{moment}{trial}").uniform(0.0, 0.8)
    command = subprocess.Popen(
        [sys.executable, "-c", LONG_RUN],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=marked.environment,
    )
    with command:
        assert command.stdout is not None
        for line in command.stdout:
            if line.strip() == {"starting": "go", "running": "running"}[moment]:
                break
        time.sleep(delay)
        assert command.poll() is None
        segments = marked.shared_memory()
        assert moment == "starting" or (len(marked.processes()) > 5 and segments)
        command.send_signal(end)
        command.wait(20)
    marked.assert_nothing_left(segments)


@pytest.mark.lava
def test_time_limit(marked_here):
    with pytest.raises(BackendFailedError, match=r"within the time limit \(it had done \d+ steps\)"):
        client.run_job(job(lif(), 1_000_000), deadline=time.monotonic() + 2.0, on_step=lambda step: None)
    marked_here.assert_nothing_left()


@pytest.mark.lava
def test_a_run_without_progress_is_given_up(marked_here, monkeypatch):
    monkeypatch.setattr(client, "STALL_SECONDS", 3.0)

    segments: set[Path] = set()

    def freeze(step: int) -> None:
        segments.update(marked_here.shared_memory())
        for process in marked_here.processes():
            if not process.children() and "resource_tracker" not in " ".join(process.cmdline()):
                process.suspend()

    with pytest.raises(BackendFailedError, match="Lava hangs: no step has ended for 3 s") as caught:
        client.run_job(job(lif(), 1_000_000), deadline=None, on_step=freeze)
    assert str(caught.value.hint).endswith("give more time: --timeout 30min")
    assert segments
    marked_here.assert_nothing_left(segments)


@pytest.mark.lava
def test_a_time_limit_that_is_over_before_there_is_a_log(marked_here):
    with pytest.raises(BackendFailedError, match=r"within the time limit \(it had done 0 steps\)"):
        client.run_job(job(lif(), 10), deadline=time.monotonic() - 1.0, on_step=lambda step: None)
    marked_here.assert_nothing_left()


def slow_lava(folder: Path, seconds: float) -> str:
    """A package in the place of Lava that takes long to import and then cannot be; returns the path to find it on."""
    package = folder / "slow" / "lava"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"import time\ntime.sleep({seconds})\nraise ImportError('too late')\n")
    return str(package.parent)


def test_building_may_take_longer_than_a_step(marked_here, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", slow_lava(tmp_path, 2.0))
    monkeypatch.setattr(client, "STALL_SECONDS", 0.2)
    with pytest.raises(BackendMissingError, match="too late"):
        client.run_job(job(lif(), 10), deadline=None, on_step=lambda step: None)
    marked_here.assert_nothing_left()


def test_a_network_that_is_never_built_is_given_up(marked_here, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", slow_lava(tmp_path, 60.0))
    monkeypatch.setattr(client, "BUILD_SECONDS", 2.0)
    with pytest.raises(BackendFailedError, match="Lava hangs: the network was not built within 2 s") as caught:
        client.run_job(job(lif(), 10), deadline=None, on_step=lambda step: None)
    assert str(caught.value.hint).endswith("give more time: --timeout 30min")
    marked_here.assert_nothing_left()


@pytest.mark.lava
def test_an_exception_in_a_lava_process_is_reported(marked_here):
    sound = lif(3)
    layer = replace(sound, keywords={**sound.keywords, "du": np.zeros(4, int)})
    with pytest.raises(BackendFailedError, match="Lava failed: ValueError: operands could not be broadcast") as caught:
        client.run_job(job(layer, 100), deadline=None, on_step=lambda step: None)
    assert "subthr_dynamics" in str(caught.value.hint)
    marked_here.assert_nothing_left()


@pytest.mark.lava
def test_an_exception_while_building_is_reported(marked_here):
    broken = job(lif(), 100)
    unknown = Connection("nobody", "n", "a_in", {"weights": np.array([[2]])})
    with pytest.raises(BackendFailedError, match="Lava failed: KeyError: 'nobody'"):
        client.run_job(replace(broken, connections=(unknown,)), deadline=None, on_step=lambda step: None)
    marked_here.assert_nothing_left()


def _kill(marked, which: str) -> None:
    """Kill one of the processes: the supervisor, the worker, or a process that Lava forked from the worker."""
    supervisor = next(p for p in psutil.Process().children() if p in marked.processes())
    worker = supervisor.children()[0]
    forked = [p for p in worker.children() if p.cmdline() == worker.cmdline()]
    {"supervisor": supervisor, "worker": worker, "forked": forked[-1]}[which].kill()


@pytest.mark.lava
@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("supervisor", "the supervisor of the Lava worker ended"),
        ("worker", "the Lava worker ended unexpectedly with exit code 9"),
        ("forked", "Lava failed: a Lava process ended with exit code -9"),
    ],
)
def test_a_process_that_is_killed_ends_the_run(marked_here, which, message):
    killed: list[int] = []
    segments: set[Path] = set()

    def kill(step: int) -> None:
        if step > 0 and not killed:
            killed.append(step)
            segments.update(marked_here.shared_memory())
            _kill(marked_here, which)

    with pytest.raises(BackendFailedError, match=message):
        client.run_job(job(lif(), 1_000_000), deadline=None, on_step=kill)
    assert segments
    marked_here.assert_nothing_left(segments)


@pytest.mark.lava
def test_an_error_of_the_caller_ends_the_run(marked_here):
    def interrupt(step: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.run_job(job(lif(), 1_000_000), deadline=None, on_step=interrupt)
    assert marked_here.processes() == []
    assert marked_here.files() == []


@pytest.mark.lava
def test_lava_that_cannot_be_imported(marked_here, monkeypatch, tmp_path):
    broken = tmp_path / "broken" / "lava"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('out of order')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    with pytest.raises(BackendMissingError, match="Lava cannot be imported: ImportError: out of order") as caught:
        client.run_job(job(lif(), 10), deadline=None, on_step=lambda step: None)
    assert caught.value.hint == "run: neurotool doctor --fix"
    marked_here.assert_nothing_left()


def test_a_supervisor_that_cannot_start(marked_here, monkeypatch, tmp_path):
    (tmp_path / "neurotool.py").write_text("raise SystemError('not this one')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(BackendFailedError, match="supervisor of the Lava worker ended") as caught:
        client.run_job(job(lif(), 10), deadline=None, on_step=lambda step: None)
    assert str(caught.value.hint).endswith("SystemError: not this one")
    marked_here.assert_nothing_left()


@pytest.mark.lava
@pytest.mark.parametrize("stream", [1, 2], ids=["stdout", "stderr"])
def test_what_an_interpreter_says_when_it_starts_is_no_message(marked_here, monkeypatch, tmp_path, stream):
    # Coverage, warnings and .pth files write before any code of ours runs, and not always text.
    lines = [b"Deprecated: \xff\xfe\n", b"[1, 2]\n", b'"text"\n', b"\n"]
    said = "".join(f"os.write({stream}, {line!r})\n" for line in lines)
    (tmp_path / "sitecustomize.py").write_text(f"import os\n{said}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    steps: list[int] = []
    records, facts = client.run_job(job(lif(), 10), deadline=None, on_step=steps.append)
    assert records[0]["spikes"].shape == (10, 1)
    assert facts["mode"] == "fixed_pt"
    marked_here.assert_nothing_left()


def test_the_last_words_of_a_supervisor_need_not_be_text(marked_here, monkeypatch, tmp_path):
    (tmp_path / "neurotool.py").write_text("import os\nos.write(2, b'bad \\xff byte')\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(BackendFailedError, match="supervisor of the Lava worker ended") as caught:
        client.run_job(job(lif(), 10), deadline=None, on_step=lambda step: None)
    assert caught.value.hint == "it said last:\nbad \N{REPLACEMENT CHARACTER} byte"
