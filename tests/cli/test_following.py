"""The last line of an answer, ``Next:``, leads on: it has the options that were given, and runs as it stands."""

from __future__ import annotations

import shlex
import sys
from dataclasses import fields
from io import StringIO
from pathlib import Path

import nir
import numpy as np
import pytest
from rich.console import Console

from neurotool import data
from neurotool.cli import following
from neurotool.cli.main import cli
from neurotool.cli.options import conversion
from neurotool.cli.session import Session
from neurotool.cli.summary.tables import next_command
from neurotool.ir.bundle import Bundle
from neurotool.pipeline import ConvertOptions
from neurotool.units import parse_time, write_time

EVERYTHING = ConvertOptions(
    dt=0.0015,
    convention="snntorch-zero",
    calib=Path("ä b's.npz"),
    encode={"sound": "rate", "image": "static"},
    steps=25,
    weight_bits=16,
    chip="loihi1",
    spiking=("a.*", "b, c"),
    dense=("-d*",),
    seed=3,
    chips=2,
    placement_seconds=0.5,
    layer_bits=(("hid*=", 12), ("out", 4)),
    scale_from="percentile=99.9",
    search_scales=0,
    sensitivity=True,
    fine_tune=Path("more.npz"),
    fine_tune_epochs=3,
    learning_rate=1e-05,
    coding={"a=b": "rate", "c.*": "counts"},
    objective="edp",
    device="h100-sxm",
    max_latency=1.9e-3,
    min_accuracy=0.9,
    cut_seconds=2.5,
)
OF_THE_SESSION = ("example", "force")


def words_of(shown):
    """Words of the line to run next, as a shell reads them."""
    line = shown.rpartition("Next: ")[2]
    return shlex.split(line.replace("\\\n", ""))


def parsed(words):
    """Options of a conversion as the real command reads them."""
    assert words[:2] == ["neurotool", "convert"]
    choices = dict(cli.commands["convert"].make_context("convert", list(words[2:]), obj=Session()).params)
    named = {name: choices.pop(name) for name in ("source", "out", "proof")}
    return named, conversion(choices)


def test_every_option_of_a_conversion_is_written_down_and_read_again():
    usual = ConvertOptions()
    alike = [each.name for each in fields(usual) if getattr(EVERYTHING, each.name) == getattr(usual, each.name)]
    assert set(alike) == set(OF_THE_SESSION)
    named, options = parsed(following.conversion_words("a b:c", EVERYTHING))
    assert (named["source"], named["out"], options) == ("a b:c", Path("BUNDLE"), EVERYTHING)


def test_what_was_not_given_is_not_written_down():
    assert following.conversion_words("m:f", ConvertOptions(force=True, steps=8)) == [
        "neurotool", "convert", "m:f", "--calib", "DATA.npz", "--out", "BUNDLE",
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [1e-3, 1e-6, 0.0015, 1 / 3, 1.9e-3, 2.0, 90.0, 1e-12, np.nextafter(1e-3, 1)])
def test_a_time_is_written_to_the_last_bit(seconds):
    assert parse_time(write_time(float(seconds))) == seconds


def test_a_millisecond_is_written_as_one():
    assert [write_time(each) for each in (1e-3, 1e-6, 2.0)] == ["1ms", "1us", "2s"]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_long_line_goes_on_as_a_shell_reads_it(width):
    words, text = following.conversion_words("a b:c", EVERYTHING), StringIO()
    Console(width=width, file=text).print(next_command(*words))
    assert words_of(text.getvalue()) == words
    assert max(map(len, text.getvalue().splitlines())) <= width


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a network in a file, the same kind of network in torch, and data for both."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    rng = np.random.default_rng(3)
    lif = nir.LIF(*(np.full(5, value) for value in (0.02, 1.0, 0.0, 0.3)), v_reset=np.zeros(5))
    nodes = {
        "x": nir.Input(np.array([6])),
        "w": nir.Affine(rng.normal(0.2, 0.5, (5, 6)), np.zeros(5)),
        "n": lif,
        "y": nir.Output(np.array([5])),
    }
    nir.write("lif.nir", nir.NIRGraph(nodes, [("x", "w"), ("w", "n"), ("n", "y")]))
    Path("following_model.py").write_text(
        "import torch, norse.torch as norse\n"
        "def made():\n"
        "    torch.manual_seed(3)\n"
        "    return norse.SequentialState(torch.nn.Linear(6, 5), norse.LIF(), torch.nn.Linear(5, 3))\n"
    )
    data.save("day ä.npz", rng.random((20, 4, 6)) < 0.5, rng.integers(0, 3, 4))
    data.save("still.npz", rng.random((4, 6)), rng.integers(0, 3, 4))
    return tmp_path


NIR = ("lif.nir", "--dt", "1ms", "--convention", "snntorch-zero", "--calib", "day ä.npz", "--weight-bits", "w=12")
TORCH = ("following_model:made", "--calib", "still.npz", "--encode", "rate", "--steps", 12, "--seed", 4, "--chip",
         "loihi1", "--cut-seconds", 3, "--dense", "2", "--coding", "1=raster")  # fmt: skip


@pytest.mark.parametrize("given", [NIR, TORCH])
def test_a_partition_leads_to_the_conversion_of_the_same_model(neurotool, folder, given):
    shown = neurotool("partition", *given)
    assert shown.code == 0, shown.err
    words = words_of(shown.out)
    _, options = parsed(words)
    assert options == parsed(["neurotool", "convert", *map(str, given), "--out", "b"])[1]
    done = neurotool(*words[1:])
    assert done.code == 0, done.err
    manifest = Bundle.open(Path("BUNDLE")).manifest
    assert manifest.calibration.path == given[given.index("--calib") + 1]
    again = following.options_of(manifest)
    assert parsed(following.conversion_words(manifest.source.spec, again))[1] == again
    unsaid = {} if given is NIR else {"dt": None, "convention": None}
    assert {**vars(again), **unsaid} == {**vars(options), "coding": options.coding}


def test_a_verdict_of_no_leads_to_the_same_conversion(neurotool, folder, monkeypatch):
    from neurotool.verify.certificate import Certificate

    assert neurotool("convert", *NIR, "--out", "b ü").code == 0
    monkeypatch.setattr(Certificate, "passed", property(lambda _: False))
    refused = neurotool("verify", "b ü", "--input", "day ä.npz", "--against", "loihi")
    assert refused.code == 1, refused.err
    named, options = parsed(words_of(refused.out))
    assert (named["out"], options.force, options.sensitivity) == (Path("b ü"), True, True)
    assert (options.dt, options.convention, options.layer_bits) == (1e-3, "snntorch-zero", (("w", 12),))
    again = neurotool(*words_of(refused.out)[1:])
    assert again.code == 0, again.err
    at_once = neurotool("convert", *NIR, "--verify", "--force", "--out", "b ü")
    assert (at_once.code, words_of(at_once.out)) == (1, words_of(refused.out))


def test_a_source_of_a_session_cannot_be_converted_by_a_line(folder, monkeypatch):
    import norse.torch as norse
    import torch

    import neurotool as package

    net = norse.SequentialState(torch.nn.Linear(6, 5), norse.LIF())
    made = package.convert(net, "b", example=np.zeros((20, 2, 6), np.float32))
    text = StringIO()
    Console(width=120, file=text).print(following.closer_look(Path("b"), made.bundle.manifest))
    assert words_of(text.getvalue()) == ["neurotool", "inspect", "b"]


def test_a_file_kept_in_torch_by_an_option_is_told_which_and_what_it_needs(neurotool, folder):
    dense = ("convert", "lif.nir", "--dt", "1ms", "--dense", "*", "--out", "b")
    refused = neurotool(*dense)
    assert refused.code == 2
    assert "add --calib DATA.npz, or leave out" in refused.err and "--dense" in refused.err
    warned = neurotool(*dense, "--calib", "day ä.npz")
    assert warned.code == 0, warned.err
    assert "NT-PART-007" in warned.err and "'*'" in warned.err


def test_a_bundle_is_quoted_and_its_data_are_read_in_the_same_way(neurotool, folder):
    assert neurotool("convert", *NIR, "--out", "b ü").code == 0
    reading = ("--encode", "rate", "--steps", 9, "--limit", 3)
    ran = neurotool("run", "b ü", "--input", "still.npz", *reading)
    words = words_of(ran.out)
    assert words == ["neurotool", "verify", "b ü", "--input", "still.npz", *map(str, reading)]
    verified = neurotool(*words[1:], "--against", "loihi", "--no-stages")
    assert verified.code == 0, verified.err
    words = words_of(verified.out)
    assert words == ["neurotool", "estimate-energy", "b ü", "--input", "still.npz", *map(str, reading)]
    costed = neurotool(*words[1:], "--no-plot")
    assert costed.code == 0, costed.err
    assert words_of(costed.out) == ["neurotool", "inspect", "b ü"]
    inspected = neurotool(*words_of(costed.out)[1:])
    assert words_of(inspected.out) == ["neurotool", "run", "b ü", "--input", "DATA.npz"]
