"""The benchmarks start, and their peers are given the same network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted(path.name for path in BENCHMARKS.glob("*.py"))


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments], capture_output=True, text=True, timeout=300, check=False
    )


def test_all_are_listed() -> None:
    listed = (BENCHMARKS / "README.md").read_text()
    assert all(f"`{name}`" in listed for name in SCRIPTS)


def test_memory_stays_below_the_bound() -> None:
    done = run("engine_memory.py", "--neurons", "300", "--steps", "200")
    assert done.returncode == 0, done.stderr
    assert "of the bound" in done.stdout


def test_an_unknown_case_is_named() -> None:
    done = run("engine_vs_lava.py", "--cases", "dense-65")
    assert done.returncode == 2
    assert "no case dense-65" in done.stderr


@pytest.mark.slow
def test_norse_and_the_engine_run_the_same_network() -> None:
    done = run("engine_vs_frameworks.py", "--cases", "1", "--rounds", "1", "--no-compile", "--scale", "0.1")
    assert done.returncode == 0, done.stderr
    (engine,) = (line for line in done.stdout.splitlines() if "engine  " in line and "spikes" not in line)
    (norse,) = (line for line in done.stdout.splitlines() if "Norse, step by step" in line)
    spikes = [int(line.split("│")[4]) for line in (engine, norse)]
    assert abs(spikes[0] - spikes[1]) < 0.1 * spikes[1]


@pytest.mark.slow
def test_placement_beats_sequential_first_fit() -> None:
    done = run("placement.py", "--seconds", "0.5", "--largest", "4000")
    assert done.returncode == 0, done.stderr
    (greedy,) = (line for line in done.stdout.splitlines() if "greedy" in line)
    assert all(float(ratio) < 0.5 for ratio in re.findall(r"\((\d\.\d+)\)", greedy)), greedy
