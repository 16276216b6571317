"""Modules of a user that fail or end while they are imported or called: what is said, and which line it names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from neurotool.converters.torch.resolve import resolve
from neurotool.errors import UsageError


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a module into the current directory and return its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def write(text, name="my_script"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        Path(f"{name}.py").write_text(text)
        return name

    return write


@pytest.mark.parametrize("code", ["", "0", "1", "'no data'"])
def test_a_script_that_exits_while_it_is_imported_is_refused(written, code):
    name = written(f"import sys\nsys.exit({code})\n")
    with pytest.raises(UsageError, match=rf"importing it ended in sys\.exit.*{name}\.py:2") as caught:
        resolve(f"{name}:model", 0)
    assert "if __name__ == '__main__':" in caught.value.hint
    assert isinstance(caught.value.__cause__, SystemExit)


def test_a_factory_that_exits_is_refused(written):
    name = written("import sys\ndef model():\n    sys.exit(0)\n")
    with pytest.raises(UsageError, match=rf"my_script:model ended in sys\.exit.*{name}\.py:3") as caught:
        resolve(f"{name}:model", 0)
    assert "returns the model" in caught.value.hint


def test_the_command_line_does_not_end_with_zero_where_a_script_exits(written, neurotool, tmp_path):
    done = neurotool("convert", f"{written('import sys; sys.exit()')}:model", "--out", tmp_path / "bundle")
    assert (done.code, (tmp_path / "bundle").exists()) == (2, False)
    assert "sys.exit" in done.err


@pytest.mark.parametrize("text", ["raise KeyboardInterrupt", "def model():\n    raise KeyboardInterrupt"])
def test_an_interruption_goes_through(written, text):
    name = written(text)
    with pytest.raises(KeyboardInterrupt):
        resolve(f"{name}:model", 0)


IN_TORCH = """
from torch import nn
def model():
    return nn.Linear(3, "four")
"""


def test_the_line_named_is_the_user_s_and_not_one_inside_a_library(written):
    with pytest.raises(UsageError, match=r"(?s)model failed: TypeError: .*\(.*my_script\.py:4\)") as caught:
        resolve(f"{written(IN_TORCH)}:model", 0)
    assert isinstance(caught.value.__cause__, TypeError)


def test_an_import_that_fails_inside_a_library_names_the_user_s_line(written):
    name = written("import json\njson.loads('{')\n")
    with pytest.raises(UsageError, match=r"importing it failed: JSONDecodeError: .*\(.*my_script\.py:2\)"):
        resolve(f"{name}:model", 0)


def test_an_error_of_syntax_names_its_own_line_and_no_other(written):
    name = written("x = 1\nx = = 2\n")
    with pytest.raises(UsageError, match=r"\(my_script\.py, line 2\)$"):
        resolve(f"{name}:model", 0)


def test_an_installed_module_is_named_where_no_line_is_the_user_s_own(written, tmp_path, monkeypatch):
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (packages / "their_models.py").write_text("def model():\n    raise RuntimeError('no weights')\n")
    monkeypatch.syspath_prepend(packages)
    monkeypatch.delitem(sys.modules, "their_models", raising=False)
    with pytest.raises(UsageError, match=r"no weights \(.*their_models\.py:2\)"):
        resolve("their_models:model", 0)


def test_the_traceback_is_shown_on_request(written, neurotool, tmp_path):
    name = written(IN_TORCH)
    command = ("convert", f"{name}:model", "--out", tmp_path / "bundle")
    assert "Traceback" not in neurotool(*command, "-v").err
    told = neurotool(*command, "-vv").err
    assert "Traceback" in told
    assert "in __init__" in told
    assert f"error: {name}:model failed: TypeError" in told
