"""The command line as a whole: help, versions, light imports, completion, errors and their exit codes."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import neurotool as package
from neurotool.errors import (
    BackendFailedError,
    BackendMissingError,
    NegativeAnswerError,
    NeurotoolError,
    UnsupportedError,
    UsageError,
)
from neurotool.units import parse_time

VERBS = (
    "demo",
    "convert",
    "inspect",
    "partition",
    "run",
    "verify",
    "estimate-energy",
    "explain",
    "doctor",
    "completion",
)
HEAVY = ("torch", "norse", "lava", "matplotlib", "sklearn", "scipy")
Call = Callable[..., Any]


def break_doctor(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def survey() -> None:
        raise error

    monkeypatch.setattr(sys.modules["neurotool.cli.doctor"], "survey", survey)


def test_help_lists_every_verb_and_the_exit_codes(neurotool: Call) -> None:
    done = neurotool("--help")
    assert done.code == 0
    assert all(f"\n  {verb} " in done.out for verb in VERBS)
    assert "Exit codes: 0 done" in done.out
    for verb in VERBS:
        assert neurotool(verb, "--help").code == 0


def test_help_groups_options_and_gives_examples(neurotool: Call) -> None:
    told = neurotool("convert", "--help").out
    places = [
        told.index(heading)
        for heading in ("Options:", "Data:", "Rounding:", "What runs where:", "General:", "Examples:")
    ]
    assert places == sorted(places)
    assert told.index("Rounding:") < told.index("--fine-tune ") < told.index("What runs where:")
    assert told.index("General:") < told.index("--help")
    assert "    neurotool convert my_models:trained --calib data.npz --out model\n" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["inspect", "net", "--map", "map.png"], "--map goes with --placement"),
        (["estimate-energy", "net", "--accuracies", "a.yaml"], "add --compare"),
        (["estimate-energy"], "a bundle is needed"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(neurotool: Call, arguments: list[str], told: str) -> None:
    done = neurotool(*arguments)
    assert done.code == 2
    assert told in done.err


def test_version_names_what_it_stands_on(neurotool: Call) -> None:
    done = neurotool("--version")
    assert done.code == 0
    assert done.out.splitlines()[0] == f"neurotool {package.__version__}"
    assert f"torch {importlib.metadata.version('torch')}" in done.out
    assert [line.split()[0] for line in done.out.splitlines()] == [
        "neurotool", "nir", "torch", "norse", "lava-nc", "lava-dl",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["explain"], ["run"], ["completion", "bash"]]
)
def test_nothing_heavy_is_imported_to_answer(arguments: list[str]) -> None:
    code = f"""
import sys
from neurotool.cli.main import invoke
invoke({arguments!r})
loaded = sorted(set({HEAVY!r}) & set(sys.modules))
sys.exit(f"imported {{loaded}}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_no_verb_prints_the_help(neurotool: Call) -> None:
    done = neurotool()
    assert (done.code, done.out) == (2, "")
    assert "Usage: neurotool" in done.err


def test_an_unknown_verb_is_met_with_the_nearest_one(neurotool: Call) -> None:
    done = neurotool("conver")
    assert done.code == 2
    assert "Did you mean 'convert'?" in done.err
    assert "hint: neurotool --help" in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "bundle"], "--input"),
        (["convert", "model.nir"], "--out"),
        (["convert", "m.nir", "-o", "b", "--weight-bits", "17"], "--weight-bits"),
        (["verify", "b", "--input", "d.npz", "--limit", "lava"], "--limit lava=100"),
        (["verify", "b", "--input", "d.npz", "--limit", "lava=0"], "NAME=N"),
        (["verify", "b", "--input", "d.npz", "--limit", "0"], "'0' is neither N nor NAME=N"),
        (["verify", "b", "--input", "d.npz", "--limit", "=3"], "'=3' is neither N nor NAME=N"),
        (["verify", "b", "--input", "d.npz", "--limit", "3", "--limit", "4"], "--limit 3 --limit 4: says two things"),
        (["verify", "b", "--input", "d.npz", "--limit", "engine=3", "--limit", "loihi=4"], "two things of one form"),
        (
            ["convert", "m.nir", "-o", "b", "--weight-bits", "8", "--weight-bits", "4"],
            "--weight-bits 8 --weight-bits 4: says two things of one pattern",
        ),
        (["convert", "m.nir", "-o", "b", "--weight-bits", "a=8", "--weight-bits", "a=8"], "two things of one pattern"),
        (
            ["partition", "m.nir", "--coding", "a=rate", "--coding", "b=rate", "--coding", "a=raster"],
            "--coding a=raster: says two things of one node",
        ),
        (["run", "b", "--input", "d.npz", "--encode", "a=rate", "--encode", "a=latency"], "two things of one input"),
        (["run", "b", "--input", "d.npz", "--out", "scores.txt"], ".npz or .h5"),
        (["run", "b", "--input", "d.npz", "--out", "missing/scores.npz"], "existing folder"),
        (["completion", "tcsh"], "bash"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_ends_with_two_and_says_why(neurotool: Call, arguments: list[str], told: str) -> None:
    done = neurotool(*arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


def test_an_existing_file_is_not_overwritten(neurotool: Call, tmp_path: Path) -> None:
    scores = tmp_path / "scores.npz"
    scores.write_text("precious")
    done = neurotool("run", "b", "--input", "d.npz", "--out", scores)
    assert (done.code, scores.read_text()) == (2, "precious")
    assert "--force" in done.err


@pytest.mark.parametrize(
    ("text", "hint"), [("1", "--dt 1ms"), ("1lightyear", "use one of s, ms"), ("soon", "--dt 1ms"), ("0ms", "")]
)
def test_a_time_needs_a_unit(neurotool: Call, text: str, hint: str) -> None:
    done = neurotool("convert", "model.nir", "--out", "bundle", "--dt", text)
    assert done.code == 2
    assert f"--dt: {text!r}" in done.err or "unknown unit" in done.err
    assert hint in done.err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30min", 1800.0), ("2h", 7200.0), ("1.5 ms", 1.5e-3), ("2\u00b5s", 2e-6), ("2 \u03bcs", 2e-6), ("2us", 2e-6)],
)
def test_times_are_read_as_seconds(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


def test_usage_errors_are_json_too(neurotool: Call) -> None:
    done = neurotool("convert", "model.nir", "--out", "bundle", "--dt", "1", "--json")
    assert done.json["status"] == "usage-error"
    assert "no unit" in done.json["data"]["message"]
    assert "1ms" in done.json["data"]["hint"]
    assert neurotool("run", "--json").json["status"] == "usage-error"


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (NegativeAnswerError, 1, "negative"),
        (UsageError, 2, "usage-error"),
        (UnsupportedError, 3, "unsupported"),
        (BackendMissingError, 4, "backend-missing"),
        (BackendFailedError, 4, "backend-failed"),
    ],
)
def test_every_error_has_its_exit_code(
    neurotool: Call, monkeypatch: pytest.MonkeyPatch, error: type[NeurotoolError], code: int, status: str
) -> None:
    break_doctor(monkeypatch, error("layer [3] is [red]wrong[/]", hint="try [again]"))
    done = neurotool("doctor", "--json")
    assert done.code == code
    assert done.json["status"] == status
    assert "error: layer [3] is [red]wrong[/]\nhint: try [again]\n" in done.err  # text of a user is never markup


def test_an_internal_error_is_one_line_and_a_traceback_only_on_request(
    neurotool: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_doctor(monkeypatch, RuntimeError("the flux ran out"))
    for loudness in ([], ["-v"]):
        done = neurotool("doctor", *loudness)
        assert done.code == 5
        assert "internal error: RuntimeError: the flux ran out" in done.err
        assert "Traceback" not in done.err
    assert "Traceback" in neurotool("doctor", "-vv").err
    assert "Traceback" in neurotool("-vv", "doctor").err
    assert neurotool("doctor", "--json").json["status"] == "internal-error"


def test_ctrl_c_is_no_error_of_the_tool(neurotool: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    break_doctor(monkeypatch, KeyboardInterrupt())
    done = neurotool("doctor")
    assert (done.code, done.out) == (130, "")
    assert done.err.strip() == "interrupted"


@pytest.mark.parametrize("arguments", [("explain",), ("doctor",), ("--help",)])
def test_a_reader_that_left_is_no_error(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", "from neurotool.cli.main import main; main()", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_neurotool(neurotool: Call, shell: str) -> None:
    done = neurotool("completion", shell)
    assert done.code == 0
    assert f"_NEUROTOOL_COMPLETE={shell}_complete" in done.out


def test_completion_offers_verbs_and_encoders() -> None:
    def complete(line: str, index: int) -> list[str]:
        # Bash sets these before it calls the program.
        env = os.environ | {"COMP_WORDS": line, "COMP_CWORD": str(index), "_NEUROTOOL_COMPLETE": "bash_complete"}
        code = "from neurotool.cli.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True
        )
        return [item.split(",")[1] for item in done.stdout.split()]

    assert complete("neurotool conv", 1) == ["convert"]
    assert complete("neurotool run b --encode l", 4) == ["latency"]
    assert complete("neurotool convert m --chip lo", 4) == ["loihi1", "loihi2"]
    assert "loihi-torch" in complete("neurotool run b --target loihi", 4)
    assert complete("neurotool convert m --objective e", 4) == ["energy", "edp"]
    assert complete("neurotool verify b --against l", 4) == ["loihi", "lava"]
    assert complete("neurotool verify b --limit l", 4) == ["loihi=", "lava="]


def test_no_colour_is_honoured(neurotool: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in neurotool("explain").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in neurotool("explain").out
