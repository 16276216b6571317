"""What the examples share: where their results go, which run a factory loads, and what they need installed."""

from __future__ import annotations

import importlib
import os
import re
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from neurotool.errors import BackendMissingError, UsageError
from neurotool.examples.common import publish
from neurotool.examples.common.grid import run_grid
from neurotool.examples.common.trained import TrainedRun

ROOT = Path(__file__).parents[2]
EXAMPLES = ("stft", "ashnets")


@pytest.fixture(params=EXAMPLES)
def command(request):
    return importlib.import_module(f"neurotool.examples.{request.param}.command").main


def test_results_go_below_the_working_directory(command):
    outs = [option for verb in command.commands.values() for option in verb.params if option.name == "out"]
    assert len(outs) >= 3
    assert all(Path(option.default).parts[0] == "build" for option in outs)


def test_the_committed_study_goes_on_in_its_place():
    """``make study-ashnets`` resumes what is committed."""
    (recipe,) = re.findall(r"examples\.ashnets study (?:.*\\\n)?.*", (ROOT / "Makefile").read_text())
    assert "--out examples/ashnets/results" in recipe
    assert (ROOT / "examples/ashnets/results/study.json").is_file()


@pytest.mark.parametrize("verb", ["story", "study"])
def test_publishing_outside_a_checkout_is_refused_before_any_work(command, verb, tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "PAGE", "none.md")  # as in a wheel, which holds no page
    out = tmp_path / "out"
    done = CliRunner().invoke(command, [verb, "--out", str(out), "--publish"])
    assert done.exit_code == 2, done.output
    assert "leave --publish out" in done.output
    assert not out.exists()


def test_the_page_is_found_through_the_link_of_a_checkout():
    assert publish.home(str(ROOT / "neurotool/examples/stft/study.py")) == ROOT / "examples" / "stft"
    with pytest.raises(UsageError, match="has none"):
        publish.home(str(ROOT / "examples" / "common" / "grid.py"))


def test_a_run_is_named_for_a_while(tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROTOOL_SOME", raising=False)
    run = TrainedRun("NEUROTOOL_SOME", Path("build/some"))
    with pytest.raises(ZeroDivisionError), run.at(tmp_path):
        assert run.folder == tmp_path
        raise ZeroDivisionError
    assert run.folder == Path("build/some")
    monkeypatch.setenv("NEUROTOOL_SOME", "mine")
    with run.at(tmp_path):
        pass
    assert os.environ["NEUROTOOL_SOME"] == "mine"


def test_every_variable_is_on_the_page():
    page = (ROOT / "docs" / "environment.md").read_text()
    folders = ("neurotool", "converters", "targets", "examples", "tests")
    texts = [path.read_text() for name in folders for path in (ROOT / name).rglob("*.py")]
    read = {name for text in texts for name in re.findall(r"""["'](_?NEUROTOOL_[A-Z_]+)["']""", text)}
    assert {"NEUROTOOL_CACHE", "NEUROTOOL_STFT", "NEUROTOOL_ASHNETS"} <= read
    assert {name for name in read - {"NEUROTOOL_SOME", "NEUROTOOL_TEST_MARK"} if f"`{name}`" not in page} == set()


def test_what_an_extra_brings_is_named_where_it_is_missing(tmp_path, monkeypatch):
    from neurotool.nn import tucker_from_weight

    monkeypatch.setitem(sys.modules, "joblib", None)
    monkeypatch.setitem(sys.modules, "tensorly.decomposition", None)
    with pytest.raises(BackendMissingError, match="needs joblib") as refusal:
        run_grid([], lambda _: {}, tmp_path / "study.json", {})
    assert refusal.value.hint == "pip install 'neurotool[examples]'"
    with pytest.raises(ImportError, match=r"pip install 'neurotool\[nn\]'"):
        tucker_from_weight(torch.ones(2, 2, 2), 1)
