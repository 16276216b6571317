"""``neurotool doctor``: finds what is there, what is missing, and what would bring it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neurotool import environment, plugins
from neurotool.environment import Component

Call = Callable[..., Any]


def by_name(components: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {c["name"]: c for c in components}


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make packages look as if they were not installed."""

    def hide(*names: str) -> None:
        real = environment.package_version
        monkeypatch.setattr(environment, "package_version", lambda name: None if name in names else real(name))

    return hide


def test_everything_is_listed_with_version_and_purpose(neurotool: Call) -> None:
    done = neurotool("doctor", "--json")
    assert done.code == 0
    assert done.json["status"] == "done"
    found = by_name(done.json["data"]["components"])
    assert {"Python", "torch", "norse", "nir", "lava-nc", "target loihi", "target gpu", "converter nir"} <= set(found)
    assert found["torch"]["version"].startswith("2.")
    assert all(c["purpose"] for c in found.values())
    assert all(c["ok"] for c in found.values() if c["required"])


def test_the_bounds_of_python_are_those_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "metadata", lambda name: {"Requires-Python": ">=3.99"})
    python = next(c for c in environment.survey() if c.name == "Python")
    assert (python.ok, python.detail) == (False, "needs >=3.99")


def test_the_table_names_every_part(neurotool: Call) -> None:
    done = neurotool("doctor")
    assert done.code == 0
    assert all(name in done.out for name in ("Python", "torch", "lava-nc", "target loihi", "converter torch"))


def test_a_machine_without_lava_works_and_is_told_how_to_get_it(neurotool: Call, without: Callable[..., None]) -> None:
    without("lava-nc", "lava-dl")
    done = neurotool("doctor", "--json")
    assert (done.code, done.json["data"]["ready"]) == (0, True)
    lava = by_name(done.json["data"]["components"])["lava-nc"]
    assert not lava["ok"]
    assert not lava["required"]
    assert "--no-deps --ignore-requires-python lava-nc==0.10.0" in lava["fix"]
    assert lava["fix"].startswith(sys.executable)
    assert "neurotool doctor --fix" in neurotool("doctor").out


def test_a_missing_requirement_ends_with_four(neurotool: Call, without: Callable[..., None]) -> None:
    without("norse")
    done = neurotool("doctor", "--json")
    assert (done.code, done.json["status"], done.json["data"]["ready"]) == (4, "backend-missing", False)
    norse = by_name(done.json["data"]["components"])["norse"]
    assert norse["detail"] == "not installed"
    assert "pip install" in norse["fix"]
    assert "norse" in norse["fix"]
    assert "cannot work without: norse" in done.err


def test_an_old_requirement_is_told_apart_from_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    real = environment.package_version
    monkeypatch.setattr(environment, "package_version", lambda name: "0.1" if name == "norse" else real(name))
    norse = next(c for c in environment.survey() if c.name == "norse")
    assert not norse.ok
    assert ">=1.1" in norse.detail


def test_a_broken_plug_in_is_shown_and_stops_nothing(neurotool: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = plugins.Plugin("abacus", None, "ImportError: no beads")
    real = plugins.load_all
    monkeypatch.setattr(
        plugins, "load_all", lambda group: (*real(group), broken) if group == plugins.TARGETS else real(group)
    )
    done = neurotool("doctor", "--json")
    found = by_name(done.json["data"]["components"])["target abacus"]
    assert done.code == 0
    assert (found["ok"], found["detail"]) == (False, "ImportError: no beads")


def test_a_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("NEUROTOOL_CACHE", str(blocked / "cache"))
    cache = next(c for c in environment.survey() if c.name == "cache")
    assert not cache.ok
    assert "NEUROTOOL_CACHE" in cache.detail


def test_fix_runs_the_commands_in_order_and_stops_at_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    def prints(text: str, code: int = 0) -> environment.Command:
        return (sys.executable, "-c", f"print('{text}'); raise SystemExit({code})")

    commands = [prints("one"), prints("two", 3), prints("three")]
    missing = [
        Component("a", "", None, False, False, commands=tuple(commands[:2])),
        Component("b", "", None, False, False, commands=tuple(commands[1:])),
        Component("c", "", "1", True, True, commands=(prints("never"),)),
    ]
    assert environment.fixes(missing) == commands

    announced: list[environment.Command] = []
    assert environment.repair(commands, announced.append) == commands[1]
    assert announced == commands[:2]
    out, err = capfd.readouterr()
    assert out == ""  # stdout is kept for the result
    assert err.split() == ["one", "two"]


def test_fix_installs_what_is_missing_and_looks_again(neurotool: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[environment.Command] = []
    real = environment.package_version

    def install(command: environment.Command, **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    def found(name: str) -> str | None:
        return None if name.startswith("lava") and len(ran) < 2 else real(name)

    monkeypatch.setattr(environment.subprocess, "run", install)
    monkeypatch.setattr(environment, "package_version", found)
    done = neurotool("doctor", "--fix", "--json")
    assert done.code == 0
    assert [command[-2:] for command in ran][-1] == ("lava-nc==0.10.0", "lava-dl==0.6.0")
    assert "running:" in done.err
    assert by_name(done.json["data"]["components"])["lava-nc"]["ok"]
