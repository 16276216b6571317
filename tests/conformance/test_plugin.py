"""The pytest plug-in, as the author of a target meets it: run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TARGET = """
from dataclasses import replace

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import Availability
from neurotool.plugins import load


class Target:
    name = "{name}"

    def available(self):
        return Availability({available}, "it lies in a drawer", "open the drawer")

    def run_program(self, program, inputs, options):
        {refusal}
        trace = load("neurotool.targets", "loihi-reference").run_program(program, inputs, options)
        states = {{name: {{k: v ^ {flip} for k, v in found.items()}} for name, found in trace.states.items()}}
        return replace(trace, target=self.name, states=states)


TARGET = Target()
"""

WITHOUT_HYPOTHESIS = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, *path: None if name == "hypothesis" else find(name, *path))
"""


@pytest.fixture
def suite(tmp_path: Path):
    """Run the suite beside a third party's target, installed as any package is."""

    def run(*arguments: str, before: str = "", **options: object) -> subprocess.CompletedProcess[str]:
        site = tmp_path / "site"
        metadata = site / "drawer-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: drawer\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text("[neurotool.targets]\ndrawer = drawer:TARGET\n")
        values = {"name": "drawer", "available": True, "refusal": "", "flip": 0} | options
        (site / "drawer.py").write_text(TARGET.format(**values))
        command = f"import sys\n{before}\nimport pytest\nsys.exit(pytest.main(sys.argv[1:]))"
        pytest_arguments = ["-p", "no:cacheprovider", "-q", "--pyargs", "neurotool.testing", *arguments]
        return subprocess.run(
            [sys.executable, "-c", command, *pytest_arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_nothing_happens_unless_a_target_is_named(suite):
    done = suite()
    assert done.returncode == 0
    assert "1 skipped" in done.stdout
    assert "conformance" not in done.stdout.replace("test_conformance", "")


def test_the_plugin_imports_nothing_heavy():
    command = "import sys, pytest, neurotool.testing.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True, timeout=60)
    heavy = {"numpy", "scipy", "hypothesis", "torch", "numba", "networkx", "neurotool.neurons", "neurotool.ir"}
    assert not heavy & set(done.stdout.split())


def test_a_right_target_passes_and_the_report_says_how_much_was_compared(suite, tmp_path):
    report = tmp_path / "report.md"
    arguments = ("--neurotool-target", "drawer", "--neurotool-examples", "4", "-k", "sigma or delta")
    done = suite(*arguments, "--neurotool-report", str(report), "-n", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    text = report.read_text()
    assert text in done.stdout
    assert text.startswith("Target `drawer`: 12 programs, 0 refused, 0 left out")
    assert "| `sigma_delta` | `lava.proc.sdn.process.SigmaDelta` | lava |" in text


def test_a_wrong_target_fails_with_the_place_and_no_traceback(suite):
    done = suite("--neurotool-target", "drawer", "-k", "rf_iz", flip=1)
    assert done.returncode == 1
    assert "drawer differs from loihi-reference" in done.stdout
    assert "(rf_iz), real, row 0, sample 0, neuron 0" in done.stdout
    assert "Case of 1 steps, batch 1" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "def test_" not in done.stdout


def test_a_model_that_is_always_refused_is_skipped_with_the_count(suite):
    arguments = ("--neurotool-target", "drawer", "--neurotool-examples", "3", "-k", "ternary", "-rs")
    done = suite(*arguments, refusal="raise UnsupportedError('not mine')")
    assert done.returncode == 0
    assert "target 'drawer' refused all 3 programs of ternary_lif" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        (("--neurotool-target", "lohi"), {}, "no target named 'lohi'; there are: drawer, gpu, lava, loihi"),
        (("--neurotool-target", "gpu"), {}, "target 'gpu' does not run integer programs"),
        (("--neurotool-target", "drawer"), {"available": False}, "it lies in a drawer. open the drawer"),
        (("--neurotool-target", "drawer", "--neurotool-examples", "0"), {}, "--neurotool-examples must be 1 or more"),
        (("--neurotool-target", "drawer", "--neurotool-report", "no/r.md"), {}, "there is no folder no"),
        (
            ("--neurotool-target", "drawer", "-p", "no:hypothesispytest"),
            {"before": WITHOUT_HYPOTHESIS},
            "draws programs with hypothesis: pip install hypothesis",
        ),
    ],
    ids=["unknown", "torch", "unavailable", "no examples", "no folder", "no hypothesis"],
)
def test_what_cannot_work_is_refused_in_one_line(suite, arguments, options, text):
    done = suite(*arguments, **options)
    assert done.returncode == 4
    assert text in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
