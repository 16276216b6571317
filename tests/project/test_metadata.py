"""The files around the code agree with it and with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import neurotool

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def test_there_is_one_version(project: dict[str, Any]) -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == neurotool.__version__ == citation["version"]
    assert f"## {neurotool.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_requirement_is_pinned_within_its_range(project: dict[str, Any]) -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {r.name.lower(): r for r in (Requirement(line) for line in lines if line and not line.startswith("#"))}
    extras = project["optional-dependencies"].values()
    for text in [*project["dependencies"], *(text for extra in extras for text in extra)]:
        wanted = Requirement(text)
        (pin,) = pins[wanted.name.lower()].specifier
        assert pin.operator == "=="
        assert wanted.specifier.contains(pin.version), text


def test_the_makefile_and_the_tool_install_the_same_lava() -> None:
    from neurotool.targets.lava.install import VERSIONS

    makefile = (ROOT / "Makefile").read_text()
    for name, version in VERSIONS.items():
        assert re.search(rf"\b{name}=={version}\b", makefile)


def test_every_dependency_has_a_purpose(project: dict[str, Any]) -> None:
    from neurotool.environment import survey

    listed = {component.name: component.purpose for component in survey()}
    assert all(listed[Requirement(text).name] for text in project["dependencies"])
