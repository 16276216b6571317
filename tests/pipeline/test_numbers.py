"""Numbers outside their limits are refused before anything is read, by every verb and in the same words."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurotool as package
from neurotool.energy.measure.protocol import Plan
from neurotool.errors import UsageError
from neurotool.pipeline import ConvertOptions, EnergyOptions, calibrate_device, demo
from neurotool.pipeline.numbers import real, whole

NO_COUNT = (0, -3, 1.5, "a dozen", "-3", "1.5", True, math.nan)
NO_TIME = (-1.0, math.inf, math.nan, "a second", "nan")

CONVERSION = [
    *((name, value) for name in ("steps", "chips") for value in NO_COUNT),
    *(("weight_bits", value) for value in (*NO_COUNT, 17) if not isinstance(value, str)),
    *(("weight_bits", {"a": value}) for value in (*NO_COUNT, 17)),
    *(("search_scales", value) for value in (-3, 0.5, "8.5", True)),
    *(("seed", value) for value in (-1, 0.5, "zero", None)),
    *((name, value) for name in ("placement_seconds", "cut_seconds") for value in NO_TIME),
    *(("min_accuracy", value) for value in (-0.1, 1.1, "1.9", math.nan)),
]
TUNING = [("fine_tune_epochs", value) for value in NO_COUNT] + [("learning_rate", value) for value in (0.0, *NO_TIME)]


def option(name):
    """Option of the command line for a parameter."""
    return f"--{name.replace('_', '-')}"


@pytest.mark.parametrize(("name", "value"), CONVERSION)
@pytest.mark.parametrize("verb", [package.partition, lambda model, **given: package.convert(model, "out", **given)])
def test_a_conversion_is_told_so_at_once(verb, name, value):
    with pytest.raises(UsageError, match=f"^{option(name)}( a)?: .* is not a (whole )?number"):
        verb("no_such_module:f", **{name: value})


@pytest.mark.parametrize(("name", "value"), TUNING)
def test_so_is_a_fine_tuning(name, value):
    with pytest.raises(UsageError, match=f"^{option(name)}: "):
        package.convert("no_such_module:f", "out", fine_tune="x.npz", **{name: value})


@pytest.mark.parametrize(("name", "value"), [("dt", 0.0), ("dt", "1ms"), ("max_latency", -1.0)])
def test_times_of_the_pipeline_are_seconds(name, value):
    with pytest.raises(UsageError, match=f"^{option(name)}: .* is not a number above 0"):
        ConvertOptions(**{name: value})


@pytest.mark.parametrize("value", NO_COUNT)
@pytest.mark.parametrize(
    ("verb", "name"),
    [
        (package.run, "limit"), (package.run, "batch"), (package.run, "steps"),
        (package.verify, "limit"), (package.verify, "steps"),
        (package.estimate_energy, "limit"), (package.estimate_energy, "steps"),
    ],
)  # fmt: skip
def test_numbers_of_samples_and_steps(verb, name, value):
    with pytest.raises(
        UsageError, match=f"^{option(name)}: .* is (not a whole number of at least 1|neither N nor NAME=N)"
    ):
        verb("no-such-bundle", "no-such.npz", **{name: value})


def test_the_rest_of_them(tmp_path):
    with pytest.raises(UsageError, match=r"^--limit: 0 is"):
        package.verify("no-such-bundle", "no-such.npz", limit={"lava": 0})
    with pytest.raises(UsageError, match=r"^--steps: 0 is"):
        package.estimate_energy("no-such-bundle", steps=0)
    with pytest.raises(UsageError, match=r"^--seed: -1 is"):
        package.estimate_energy("no-such-bundle", seed=-1)
    for name, value in (("chips", 0), ("seed", "zero"), ("placement_seconds", -1.0)):
        with pytest.raises(UsageError, match=f"^{option(name)}: "):
            package.inspect("no-such-bundle", placement=True, **{name: value})
    for name, value in (("seconds", 0.0), ("warm_up", -1.0), ("repeats", 1)):
        with pytest.raises(UsageError, match=f"^{option(name)}: "):
            calibrate_device("cpu", tmp_path / "a.yaml", plan=Plan(**{name: value}))
    with pytest.raises(UsageError, match=r"^--lava-samples: "):
        demo(tmp_path / "demo", lava_samples=0)
    for value in (0.0, -1.0):
        with pytest.raises(UsageError, match=r"timeout: .* is not a time"):
            package.run("no-such-bundle", "no-such.npz", target="lava", timeout=value)


def test_numbers_of_numpy_are_kept_as_pythons_own():
    options = ConvertOptions(weight_bits=np.int64(6), layer_bits=(("a", np.uint8(4)),), cut_seconds=np.float32(2))
    assert (type(options.weight_bits), options.layer_bits, type(options.cut_seconds)) == (int, (("a", 4),), float)
    assert (whole("--n", np.int8(3), 1, 4), real("--x", 2)) == (3, 2.0)
    with pytest.raises(UsageError, match="--n: 5 is not a whole number from 1 to 4"):
        whole("--n", 5, 1, 4)


def test_options_that_mean_nothing_without_another():
    for name, value in (("fine_tune_epochs", 3), ("learning_rate", 0.1)):
        with pytest.raises(UsageError, match=f"{option(name)} goes with --fine-tune"):
            package.convert("no_such_module:f", "out", **{name: value})
        with pytest.raises(UsageError, match=f"{option(name)} goes with --fine-tune"):
            ConvertOptions(**{name: value})
    for given in ({"gpu": "h100-sxm"}, {"accuracies": "a.yaml"}, {"compare_with": "other"}):
        with pytest.raises(UsageError, match=f"{option(next(iter(given)))} goes with --compare"):
            package.estimate_energy("no-such-bundle", **given)
        with pytest.raises(UsageError, match="goes with --compare"):
            EnergyOptions(**given)


def test_what_is_no_name_and_no_file():
    for given in ({"chip": 3}, {"device": 3}, {"scale_from": 3}, {"calib": 3}, {"spiking": 3}):
        with pytest.raises(UsageError, match=f"^{option(*given)}: 3 is "):
            package.convert("no_such_module:f", "out", **given)
    with pytest.raises(UsageError, match="3 is not the name of a file"):
        package.run(3, "x.npz")
    with pytest.raises(UsageError, match="--probe: 3 is no list of names"):
        package.run("a", "x.npz", probe=3)
