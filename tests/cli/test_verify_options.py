"""Options of ``verify``: what is compared, and on how many samples."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from neurotool import data

MODEL = """
import torch, norse.torch as norse
from torch import nn
torch.manual_seed(3)
net = norse.SequentialState(nn.Linear(6, 5), norse.LIF())
with torch.no_grad():
    net[0].weight.mul_(20)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle of a torch model and nine samples for it, in a folder from which the model can be imported."""
    from neurotool.cli.main import invoke

    folder = tmp_path_factory.mktemp("made")
    (folder / "options_model.py").write_text(MODEL)
    data.save(folder / "x.npz", np.random.default_rng(5).random((8, 9, 6)) < 0.4)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [str(folder), *sys.path])
        options = ["--calib", "x.npz", "-o", "bundle", "-q"]
        assert invoke(["convert", "options_model:net", *options]) == 0
        yield folder


@pytest.fixture
def samples(made, neurotool):
    """Verify with some options, and return the number of samples of each run, and of the stages."""

    def call(*options):
        done = neurotool("--json", "verify", "bundle", "--input", "x.npz", *options)
        assert done.code in (0, 1), done.err
        certificate = done.json["data"]
        stages = (certificate["stages"] or {}).get("samples")
        return {run["name"]: run["samples"] for run in certificate["runs"]}, stages

    return call


def test_a_number_alone_is_for_every_run_and_the_stages(samples):
    assert samples("--against", "source,float,engine", "--limit", 4) == (
        dict.fromkeys(("source", "float", "loihi"), 4),
        4,
    )


@pytest.mark.parametrize(
    ("against", "runs"),
    [("float", ("float", "loihi")), ("engine", ("float", "loihi")), ("source", ("source", "loihi"))],
)
def test_a_number_alone_reaches_what_a_single_form_is_compared_with(samples, against, runs):
    assert samples("--against", against, "--limit", 3, "--no-stages")[0] == dict.fromkeys(runs, 3)


def test_a_name_says_otherwise_than_the_number_alone(samples):
    options = ("--limit", "float=7", "--limit", 4, "--limit", "stages=2")
    assert samples("--against", "float,loihi", *options) == ({"float": 7, "loihi": 4}, 2)


@pytest.mark.parametrize("name", ["engine", "loihi"])
def test_the_integer_engine_has_two_names_in_both_options(samples, name):
    assert samples("--against", f"float,{name}", "--limit", f"{name}=5", "--no-stages")[0] == {"float": 9, "loihi": 5}


@pytest.mark.lava
def test_a_number_alone_is_for_lava_too(samples):
    assert samples("--limit", 2, "--no-stages")[0] == dict.fromkeys(("source", "float", "loihi", "lava"), 2)


def test_a_form_that_is_not_run_is_still_refused(made, neurotool):
    done = neurotool("verify", "bundle", "--input", "x.npz", "--against", "float", "--limit", 3, "--limit", "lava=2")
    assert (done.code, "--limit names lava" in done.err) == (2, True)
    done = neurotool("verify", "bundle", "--input", "x.npz", "--against", "flaot", "--limit", 3)
    assert (done.code, "cannot verify against flaot" in done.err) == (2, True)


def test_help_shows_one_name_and_says_the_other(neurotool):
    told = " ".join(neurotool("verify", "--help").out.split())
    assert "source, float, loihi (or engine), lava" in told
    assert "--limit N|NAME=N" in told
    assert "--against source,engine" not in told


def test_figures_that_are_there_are_replaced_only_when_asked_for(made, neurotool, tmp_path):
    options = ("verify", "bundle", "--input", "x.npz", "--against", "float,loihi", "--no-stages", "--figures", tmp_path)
    assert neurotool(*options).code in (0, 1)
    (tmp_path / "raster.png").write_text("mine")
    refused = neurotool(*options)
    assert refused.code == 2 and "exists" in refused.err and "--force" in refused.err
    assert (tmp_path / "raster.png").read_text() == "mine"
    assert neurotool(*options, "--force").code in (0, 1)
    assert (tmp_path / "raster.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.lava
def test_a_time_limit_on_lava_ends_it_with_the_way_out(made, neurotool):
    done = neurotool("verify", "bundle", "--input", "x.npz", "--against", "loihi,lava", "--timeout", "1us")
    assert done.code == 4
    assert "--timeout" in done.err
