"""Options of ``convert`` that say how a model is rounded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neurotool import data, pipeline

NETWORK = Path(__file__).parents[1] / "interop" / "fixtures" / "snntorch" / "rsynaptic-subtract-bias.nir"


@pytest.fixture
def convert(neurotool, tmp_path):
    samples = tmp_path / "x.npz"
    data.save(samples, np.random.default_rng(2).random((30, 16, 12)) < 0.3)

    def call(*options, calib=True):
        chosen = ("--calib", samples, *options) if calib else options
        out = tmp_path / "bundle"
        return neurotool(
            "convert", NETWORK, "--convention", "snntorch-subtract", "-o", out, "--force", "--json", *chosen
        )

    return call


def records(done):
    assert done.code == 0, done.err
    return {row["population"]: row for row in done.json["data"]["quantisation"]["spiking-0"]}


def test_layers_have_widths_of_their_own(convert):
    found = records(convert("--weight-bits", 4, "--weight-bits", "1.*=16"))
    assert set(found["1.lif"]["weight_bits"].values()) == {16}
    assert set(found["3"]["weight_bits"].values()) == {4}


def test_the_scales_of_a_loop_are_searched_where_there_is_data(convert):
    found = records(convert())
    tries = found["1.lif"]["tries"]
    assert len(tries) == 8 + 2  # and two ranges of the potential
    assert found["3"]["tries"] == []
    taken = max(tries, key=lambda t: t["cosine"])
    without = records(convert("--search-scales", 0))
    assert without["1.lif"]["tries"] == []
    ratio = found["1.lif"]["scale"] / without["1.lif"]["scale"]
    assert np.log2(ratio) % 1 == pytest.approx(np.log2(taken["share"]) % 1, abs=1e-6)
    assert len(records(convert("--search-scales", 2))["1.lif"]["tries"]) == 2 + 2


def test_ranges_are_chosen_and_recorded(convert, tmp_path):
    found = records(convert("--scale-from", "percentile=50", "--search-scales", 0))
    assert max(found["1.lif"]["clipped"].values()) == pytest.approx(0.5, abs=0.05)
    assert records(convert())["1.lif"]["clipped"] == {}
    assert convert("--scale-from", "percentile=50").code == 0
    options = pipeline.inspect(tmp_path / "bundle").manifest.options
    assert options.scale_from == "percentile=50"


def test_a_table_says_which_layer_loses_most(convert, neurotool, tmp_path):
    done = convert("--sensitivity", "--weight-bits", 3, "--weight-bits", "1.*=12")
    rows = done.json["data"]["sensitivity"]["spiking-0"]
    assert [row["layer"] for row in rows] == ["none", "3", "1.lif", "all"]
    assert [row["weight_bits"] for row in rows] == [16, 3, 12, 3]
    nothing, output, hidden, _ = rows
    assert output["cosine"] < hidden["cosine"] <= nothing["cosine"] + 0.01
    assert output["own_cosine"] < 0.95
    assert 0.0 <= nothing["differing"] < output["differing"] < 1.0
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    kept = tmp_path / "bundle" / manifest["files"]["spiking-0.sensitivity"]["path"]
    assert json.loads(kept.read_text()) == rows
    shown = neurotool("convert", NETWORK, "--convention", "snntorch-subtract", "--calib", tmp_path / "x.npz",
                      "--sensitivity", "-o", tmp_path / "other")  # fmt: skip
    assert "Sensitivity of spiking-0" in shown.out
    assert "Scales tried on calibration data" in shown.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--weight-bits", "hiden=16"), "--weight-bits hiden=16 matches no node"),
        (("--weight-bits", "wide"), "'wide' is no width"),
        (("--weight-bits", "1.lif=17"), "'1.lif=17' is no width"),
        (("--scale-from", "best"), "'best' is no range"),
    ],
)
def test_wrong_options_are_refused(convert, tmp_path, options, said):
    done = convert(*options)
    assert done.code == 2
    assert said in done.err + done.out
    assert not (tmp_path / "bundle").exists()


def test_what_needs_data_says_so(convert):
    for option in (("--sensitivity",), ("--search-scales", 3)):
        done = convert(*option, calib=False)
        assert (done.code, "--calib" in done.err + done.out) == (2, True)
