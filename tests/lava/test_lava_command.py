"""``neurotool run --target lava``, killed while Lava starts or runs: no process and no half-written run is left."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import nir
import numpy as np
import pytest

from neurotool.ir.bundle import Bundle

SIZE = 40


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A small bundle, and data that keeps Lava busy for longer than the test waits."""
    from neurotool.cli.main import invoke

    folder = tmp_path_factory.mktemp("command")
    one = np.ones(SIZE)
    neurons = nir.CubaLIF(tau_syn=5e-3 * one, tau_mem=1e-2 * one, r=one, v_leak=0 * one, v_threshold=one, w_in=5 * one)
    graph = nir.NIRGraph.from_list(nir.Linear(np.full((SIZE, SIZE), 0.02)), neurons)
    nir.write(folder / "net.nir", graph)
    assert invoke(["-q", "convert", str(folder / "net.nir"), "--dt", "1ms", "-o", str(folder / "bundle")]) == 0
    np.savez(folder / "data.npz", x=np.ones((100, 3000, SIZE), bool))
    return folder


@pytest.mark.lava
@pytest.mark.parametrize("moment", ["starting", "running"])
@pytest.mark.parametrize("trial", [0, 1])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda end: end.name)
def test_nothing_is_left_of_a_killed_run(marked, bundle, end, moment, trial):
    """Lava has begun to start once the command has a child, and is built once its processes share memory."""
    delay = random.Random(f"{end}{moment}{trial}").uniform(0.0, 0.8)
    reached = {"starting": lambda: len(marked.processes()) > 1, "running": marked.shared_memory}[moment]
    arguments = ["run", str(bundle / "bundle"), "--input", str(bundle / "data.npz"), "--target", "lava"]
    command = subprocess.Popen(
        [sys.executable, "-c", "from neurotool.cli.main import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=marked.environment,
        # A background job of a shell starts with SIGINT ignored; a user at a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    marked.wait_until(lambda: reached() or command.poll() is not None, 120.0)
    time.sleep(delay)
    assert command.poll() is None, command.communicate()
    segments = marked.shared_memory()
    assert moment == "starting" or segments
    command.send_signal(end)
    _, err = command.communicate(timeout=20)
    assert command.returncode != 0
    assert "Traceback" not in err
    marked.assert_nothing_left(segments)
    left = list((bundle / "bundle" / "runs").glob("*")) if (bundle / "bundle" / "runs").exists() else []
    finished = [path for path in left if not path.name.startswith(".")]
    assert finished == [], "a run that was killed must not look like one that was finished"
    Bundle.open(bundle / "bundle")
