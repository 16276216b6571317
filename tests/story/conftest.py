"""A bundle of the quickstart network, made once by the command line, for tests that use it as a user would."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from neurotool.examples.quickstart import data

SPEC = "neurotool.examples.quickstart:model"
CODING = ("--encode", "latency", "--steps", str(data.STEPS))


@dataclass(frozen=True)
class Story:
    """Files of the walk through the README."""

    train: Path
    test: Path
    bundle: Path


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Write the data files and convert the trained network."""
    from neurotool.cli.main import invoke

    folder = tmp_path_factory.mktemp("story")
    train, test = data.write(folder)
    bundle = folder / "digits"
    assert invoke(["-q", "convert", SPEC, "--calib", str(train), *CODING, "-o", str(bundle)]) == 0
    return Story(train, test, bundle)


@pytest.fixture
def copy(told: Story, tmp_path: Path) -> Callable[[], Path]:
    """Copy the bundle, for tests that damage it."""
    return lambda: Path(shutil.copytree(told.bundle, tmp_path / "copy"))
