"""What all tests share: a quiet machine, and the command line as a function."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # One worker per core: threads inside a worker would only fight for it. Torch reads this when it is imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# The quickstart network is trained once per checkout, and nothing is left in the home directory.
os.environ.setdefault("NEUROTOOL_CACHE", str(Path(__file__).parents[1] / "build" / "cache"))


@dataclass(frozen=True)
class Outcome:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The envelope on stdout."""
        envelope: dict[str, Any] = json.loads(self.out)
        return envelope


@pytest.fixture
def neurotool(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run ``neurotool`` with the given arguments in this process."""
    from neurotool.cli.main import invoke

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = invoke([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call
