"""The wheel, run in an environment of its own that borrows the installed dependencies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import neurotool

ROOT = Path(__file__).parents[2]
SOURCES = ("neurotool", "converters", "targets", "examples")
FILES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy, so that the checkout is left as it is and nothing beside the package leaks in."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in SOURCES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, and the folder of its programs.

    The dependencies come from this environment through a .pth file, behind the wheel on the path. The .pth files of
    this environment, by which an editable install is found, are not read there.
    """
    environment = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=120)
    own = next(environment.glob("lib/python*/site-packages"))
    install = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "install", "--quiet"]
    flags = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*install, *flags, str(wheel)], check=True, capture_output=True, timeout=120)
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [program, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"neurotool", f"neurotool-{neurotool.__version__}.dist-info"}
    packaged = {Path(name) for name in names}
    for folder in SOURCES:
        base = ROOT / folder
        for path in (*base.rglob("*.py"), *base.rglob("*.yaml")):
            inside = path.relative_to(base) if folder == "neurotool" else Path(folder) / path.relative_to(base)
            assert Path("neurotool") / inside in packaged, path
    assert Path("neurotool/py.typed") in packaged


def test_it_runs_from_the_wheel(elsewhere: Path, tmp_path: Path) -> None:
    where = run(elsewhere / "python", "-c", "import neurotool; print(neurotool.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(str(elsewhere.parent))
    versions = run(elsewhere / "neurotool", "--version", cwd=tmp_path)
    assert versions.stdout.startswith(f"neurotool {neurotool.__version__}\n")


def test_doctor_finds_every_plug_in_of_the_wheel(elsewhere: Path, tmp_path: Path) -> None:
    answer = json.loads(run(elsewhere / "neurotool", "doctor", "--json", cwd=tmp_path).stdout)
    found = {component["name"]: component for component in answer["data"]["components"]}
    for name in ("converter torch", "converter nir", "target loihi", "target gpu"):
        assert found[name]["ok"], found[name]
