"""The exported Lava script, run as a user would run it, gives the engine's spikes and potentials."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.plugins import TARGETS, load

STEPS, BATCH = 12, 3


def program() -> ChipProgram:
    rng = np.random.default_rng(3)

    def population(name, n, start, vth):
        values = {"du": 900, "dv": 300, "vth": vth, "bias_mant": 3, "bias_exp": 2}
        return Population(name, "lif", (n,), {k: np.full(n, v, np.int64) for k, v in values.items()}, start, 64.0)

    return ChipProgram(
        1e-3,
        {"x": InputPort("x", (2, 3))},
        {p.name: p for p in (population("hidden.0", 9, 1, 60), population("out", 4, 2, 131071))},
        {
            "fc1": Projection("fc1", "x", "hidden.0", 2 * rng.integers(-60, 90, (9, 6))),
            "fc2": Projection("fc2", "hidden.0", "out", 2 * rng.integers(-60, 60, (4, 9)), weight_exp=-1),
        },
        (OutputPort("hidden.0", OutputKind.SPIKES), OutputPort("out", OutputKind.MEMBRANE)),
    )


# Lava as it is declares Python 3.10; the repairs let the same script run on the Python of the tests.
LAUNCHER = "from neurotool.targets.lava import repairs; repairs.install(); import runpy, sys; sys.argv = sys.argv[1:]; "
LAUNCHER += "runpy.run_path(sys.argv[0], run_name='__main__')"


@pytest.mark.lava
def test_the_script_gives_the_integers_of_the_engine(marked, python, tmp_path):
    made = program()
    spikes = np.random.default_rng(1).random((STEPS, BATCH, 2, 3)) < 0.4
    folder = tmp_path / "script"
    folder.mkdir()
    load(TARGETS, "lava").write_script(made, folder)
    np.savez(folder / "spikes.npz", x=spikes)
    arguments = [folder / "run_on_lava.py", "--input", folder / "spikes.npz", "--output", folder / "result.npz"]
    script = f"import sys; sys.argv = ['', *{[str(a) for a in arguments]!r}]; {LAUNCHER}"
    printed = python(script)
    engine = load(TARGETS, "loihi").run_program(made, {"x": spikes}, RunOptions(probes=("v",)))
    assert (folder / "result.npz").exists(), printed
    with np.load(folder / "result.npz") as result:
        np.testing.assert_array_equal(result["hidden.0"].astype(bool), engine.spikes["hidden.0"])
        np.testing.assert_array_equal(result["out"], engine.states["out"]["v"])
    assert engine.spikes["hidden.0"].any()


def test_the_script_says_that_it_is_untested_on_silicon(tmp_path):
    load(TARGETS, "lava").write_script(program(), tmp_path)
    assert "UNTESTED ON SILICON" in (tmp_path / "run_on_lava.py").read_text()
    assert "untested on silicon" in json.loads((tmp_path / "network.json").read_text())["note"]
    assert "neurotool" not in {
        line.split()[1].split(".")[0]
        for line in (tmp_path / "run_on_lava.py").read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert "lava" not in sys.modules
