"""How much a command says: of ``-q`` and ``-v`` the one that comes later counts."""

from __future__ import annotations

import warnings

import pytest

from neurotool.cli.main import invoke
from neurotool.cli.session import Session
from neurotool.errors import NeurotoolWarning


@pytest.mark.parametrize(
    ("before", "after", "verbosity"),
    [
        ("-q", "-vv", 2), ("-vv", "-q", -1), ("", "-q -vv", 2), ("", "-vv -q", -1), ("-q", "-v", 1),
        ("-v", "-v", 2), ("-q", "", -1), ("", "-q", -1), ("", "", 0), ("-q -vv", "", 2),
    ],
)  # fmt: skip
def test_the_later_one_counts(capsys, before, after, verbosity):
    session = Session()
    assert invoke([*before.split(), "explain", "NT-PART-001", *after.split()], session) == 0
    assert session.verbosity == verbosity


@pytest.mark.parametrize("loud", [("-q", "-vv"), ("-vv",)])
def test_the_traceback_that_a_hint_promises_is_shown(capsys, monkeypatch, loud):
    from neurotool.cli import explain

    def broken(*_, **__):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(explain.explain, "callback", broken)
    assert invoke(["explain", "NT-PART-001", *loud]) == 5
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(("loud", "said"), [((), "warning: a doubt\n"), (("-q",), "")])
def test_a_doubt_is_a_note(capsys, monkeypatch, loud, said):
    from neurotool.cli import explain

    monkeypatch.setattr(explain.explain, "callback", lambda *_, **__: warnings.warn("a doubt", NeurotoolWarning, 1))
    assert invoke(["explain", "NT-PART-001", *loud]) == 0
    assert capsys.readouterr().err == said
