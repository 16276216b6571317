"""Functions of a session read text as the command line reads it, and refuse what they cannot read by its option."""

from __future__ import annotations

import traceback

import numpy as np
import pytest
import torch

import neurotool as package
from neurotool.errors import UnsupportedError, UsageError
from neurotool.pipeline.session.arguments import conversion, encode_of, limits_of

SPEC = "neurotool.examples.quickstart:model"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"weight_bits": "16"}, {"weight_bits": 16}),
        ({"weight_bits": "spiking.2=12"}, {"weight_bits": {"spiking.2": 12}}),
        ({"weight_bits": ["6", "hid=12"]}, {"weight_bits": ("6", "hid=12")}),
        ({"weight_bits": {"a": "12"}}, {"weight_bits": {"a": np.int64(12)}}),
        ({"coding": "spiking.3=raster"}, {"coding": {"spiking.3": "raster"}}),
        ({"encode": ["sound=rate", "image=static"]}, {"encode": {"sound": "rate", "image": "static"}}),
        ({"steps": "20", "seed": "3", "chips": "2"}, {"steps": 20, "seed": 3, "chips": 2}),
        ({"min_accuracy": "0.9", "cut_seconds": "2"}, {"min_accuracy": 0.9, "cut_seconds": 2.0}),
        ({"dense": "a,b*"}, {"dense": ["a,b*"]}),
    ],
)
def test_text_means_what_it_means_on_the_command_line(text, value):
    assert conversion(text) == conversion(value)


def test_limits_and_encoders_too():
    assert limits_of(["5", "engine=3"]) == {"all": 5, "loihi": 3}
    assert limits_of({"lava": "7"}) == {"lava": 7}
    assert (encode_of("rate"), encode_of("a=rate")) == ("rate", {"a": "rate"})


@pytest.mark.parametrize(
    "given",
    [
        {"weight_bits": "wide"}, {"weight_bits": [8.5]}, {"weight_bits": object()}, {"weight_bits": {"a": "x"}},
        {"coding": "raster"}, {"coding": 3}, {"coding": {"a": 3}}, {"encode": 3}, {"encode": {"a": None}},
        {"encode": ["rate", "a=rate"]}, {"steps": "soon"}, {"convention": 3}, {"objective": ["energy"]},
        {"scale_from": None}, {"chip": 3}, {"device": None}, {"dense": 3}, {"spiking": [3]}, {"force": "yes"},
        {"sensitivity": 1}, {"calib": 3}, {"fine_tune": {}}, {"min_accuracy": "most"}, {"seed": None},
    ],
)  # fmt: skip
def test_all_else_is_refused_by_its_option(given):
    with pytest.raises(UsageError, match=f"^--{next(iter(given)).replace('_', '-')}"):
        package.partition(SPEC, **given)


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        (package.run, {"probe": 3}), (package.run, {"compile": "yes"}), (package.run, {"target": 3}),
        (package.run, {"strict": None}), (package.run, {"encode": 3}), (package.run, {"out": 3}),
        (package.run, {"limit": [3]}), (package.run, {"probe": {"u": 3}}), (package.verify, {"limit": "many"}),
        (package.verify, {"limit": object()}), (package.verify, {"against": 3}), (package.verify, {"no_stages": 1}),
        (package.estimate_energy, {"compare": "gpu"}), (package.estimate_energy, {"constants": [3]}),
        (package.estimate_energy, {"cross_check": 3}),
    ],
)  # fmt: skip
def test_so_it_is_by_the_other_verbs(verb, given):
    with pytest.raises(UsageError, match=f"^--{next(iter(given)).replace('_', '-')}: "):
        verb("no-such-bundle", "no-such.npz", **given)


def test_and_by_those_without_data():
    for given in ({"map": 3}, {"placement": "yes"}, {"chip": 3}, {"chips": "x"}):
        with pytest.raises(UsageError, match=f"^--{next(iter(given))}: "):
            package.inspect("no-such-bundle", **given)
    with pytest.raises(UsageError, match=r"^--format: 3 is not a name"):
        package.export("no-such-bundle", "out", format=3)


@pytest.mark.parametrize("samples", [np.zeros((3, 2, 4)), torch.zeros(3, 2, 4), {"x": np.zeros(3)}, [[1.0]]])
def test_samples_in_memory_are_told_how_they_become_a_file(samples):
    for verb in (
        lambda: package.run("no-such-bundle", samples),
        lambda: package.verify("no-such-bundle", samples),
        lambda: package.partition(SPEC, calib=samples),
    ):
        with pytest.raises(UsageError, match="is not the name of a data file") as refused:
            verb()
        assert "neurotool.data.save" in refused.value.hint
        assert "0." not in refused.value.message


def test_a_traceback_shows_what_to_do(neurotool, tmp_path):
    with pytest.raises(UsageError) as refused:
        package.run(tmp_path / "none", "x.npz", encode="rate", steps="soon")
    error = UsageError("no", hint="do this")
    assert "".join(traceback.format_exception_only(error)).splitlines()[-2:] == [
        "neurotool.errors.UsageError: no", "hint: do this",
    ]  # fmt: skip
    assert str(error) == error.message == "no"
    assert str(refused.value).startswith("--steps: 'soon'")
    shown = neurotool("partition", SPEC, "--chip", "nosuch")
    assert shown.err.count("hint:") == 1


def test_a_traceback_lists_all_that_is_unsupported():
    with pytest.raises(UnsupportedError) as refused:
        package.partition(SPEC, spiking="mean")
    shown = "".join(traceback.format_exception_only(refused.value))
    assert refused.value.diagnostics
    assert all(each.message in shown and each.fix in shown for each in refused.value.diagnostics)
