"""Whether Lava is installed, how to install it, and what a machine without it says."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import neurotool
from neurotool.targets.lava.install import VERSIONS, install_commands, installed


def test_commands_install_the_pinned_wheels_past_their_metadata():
    dependencies, wheels = install_commands()
    assert wheels[-4:] == ["--no-deps", "--ignore-requires-python", "lava-nc==0.10.0", "lava-dl==0.6.0"]
    names = {requirement.partition(">")[0] for requirement in dependencies[4:]}
    assert {"asteval", "networkx", "numpy", "scipy"} <= names
    assert not names & {"pytest", "ruff"}


def test_installed_names_each_distribution():
    assert installed().keys() == VERSIONS.keys()


WITHOUT_LAVA = """
import sys
import numpy as np
from neurotool.errors import NeurotoolError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, Population
from neurotool.plugins import load

target = load("neurotool.targets", "lava")
print(target.available())
parameters = {n: np.array([v]) for n, v in dict(du=0, dv=0, vth=9, bias_mant=0, bias_exp=0).items()}
neuron = Population("n", "lif", (1,), parameters, 1, 1.0)
program = ChipProgram(1e-3, {"x": InputPort("x", (1,))}, {"n": neuron}, {}, ())
try:
    target.run_program(program, {"x": np.zeros((2, 1, 1), bool)}, RunOptions())
except NeurotoolError as error:
    print(type(error).__name__, error.exit_code, error.message, "|", error.hint)
"""


def test_a_machine_without_lava(python, marked):
    site = Path(sysconfig.get_paths()["purelib"])
    pruned = marked.folder.parent / "site"
    pruned.mkdir()
    for entry in site.iterdir():
        if not entry.name.startswith("lava"):
            (pruned / entry.name).symlink_to(entry)
    source = Path(neurotool.__file__).parents[1]
    environment = {"PYTHONPATH": f"{pruned}:{source}", "PYTHONNOUSERSITE": "1"}
    output = python(f"import sys; sys.path.remove({str(site)!r})\n" + WITHOUT_LAVA, **environment)
    available, error = output.splitlines()
    assert available == "Availability(ok=False, detail='lava-nc is not installed', fix='neurotool doctor --fix')"
    assert error.startswith("BackendMissingError 4 the lava target does not work here: lava-nc is not installed")
    assert error.endswith("| run: neurotool doctor --fix")
    marked.assert_nothing_left()


LIGHT = """
import sys
import neurotool.targets.lava.supervisor
import neurotool.targets.lava.worker
print(sorted({"numpy", "nir", "torch", "lava", "networkx"} & set(sys.modules)))
from neurotool.targets.lava import TARGET
TARGET.available()
print(sorted({"torch", "lava"} & set(sys.modules)))
"""


def test_supervisor_and_worker_import_nothing_heavy(python):
    assert python(LIGHT).split() == ["[]", "[]"]
