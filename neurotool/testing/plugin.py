"""Pytest plug-in of the conformance suite. It does nothing, and imports nothing heavy, unless a target is named."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from neurotool.testing.tally import Tally

PROPERTY = "neurotool-conformance"
"""Name under which a test hands its counts over; pytest brings them home from parallel workers too."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("neurotool", "conformance of neurotool targets (pytest --pyargs neurotool.testing)")
    group.addoption(
        "--neurotool-target",
        action="append",
        default=[],
        metavar="NAME",
        help="target under test, by its entry point in neurotool.targets; may be given several times",
    )
    group.addoption(
        "--neurotool-examples",
        type=int,
        default=20,
        metavar="N",
        help="programs to draw for each neuron model (default: %(default)s)",
    )
    group.addoption(
        "--neurotool-seed", type=int, default=0, metavar="N", help="draw other programs (default: %(default)s)"
    )
    group.addoption(
        "--neurotool-slow",
        action="store_true",
        help="for a target that takes long however small a program is: draw no tiny ones, reduce none",
    )
    group.addoption(
        "--neurotool-defined-only",
        action="store_true",
        help="leave out programs on which the answer of Lava's own arithmetic is undefined, for the target lava",
    )
    group.addoption(
        "--neurotool-report", type=Path, metavar="FILE.md", help="write what was compared as Markdown tables"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot work before anything is collected."""
    names = config.getoption("neurotool_target")
    if not names:
        return
    if find_spec("hypothesis") is None:
        raise pytest.UsageError("the conformance suite draws programs with hypothesis: pip install hypothesis")
    if config.getoption("neurotool_examples") < 1:
        raise pytest.UsageError("--neurotool-examples must be 1 or more")
    path = config.getoption("neurotool_report")
    if path is not None and not path.parent.is_dir():
        raise pytest.UsageError(f"--neurotool-report: there is no folder {path.parent}")
    for name in names:
        _check(name)
    config.pluginmanager.register(Collector(path), "neurotool-conformance")


def _check(name: str) -> None:
    from neurotool.errors import NeurotoolError
    from neurotool.ir.adapters import ProgramTarget
    from neurotool.plugins import TARGETS, load

    try:
        target = load(TARGETS, name)
    except NeurotoolError as error:
        raise pytest.UsageError(f"{error.message}; {error.hint}") from None
    if not isinstance(target, ProgramTarget):
        raise pytest.UsageError(f"target {name!r} does not run integer programs: it has no run_program")
    found = target.available()
    if not found.ok:
        raise pytest.UsageError(f"target {name!r} does not work here: {found.detail}. {found.fix}".rstrip())


class Collector:
    """Adds up what the tests counted and shows it at the end.

    Args:
        path: File to write it to, or None.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._tallies: dict[str, Tally] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what a test counted. With parallel workers this is called where the reports arrive."""
        for name, value in report.user_properties:
            if name == PROPERTY and report.when == "call":
                self._add(str(value))

    def _add(self, counts: str) -> None:
        from neurotool.testing.tally import Tally

        tally = Tally.from_json(counts)
        self._tallies.setdefault(tally.target, Tally(tally.target)).add(tally)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what was compared, and write the report that was asked for."""
        from neurotool.testing.tally import report

        text = report(self._tallies.values())
        terminalreporter.section("neurotool conformance")
        terminalreporter.write_line(text)
        if self._path is not None:
            self._path.write_text(text + "\n", encoding="utf-8")
            terminalreporter.write_line(f"written to {self._path}")
