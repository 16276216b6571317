"""From a model to its estimate: spike rates that the layout was made for, and accuracies that runs recorded."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import nir
import numpy as np
import pytest

from neurotool import pipeline
from neurotool.energy import Evidence
from neurotool.errors import UsageError
from neurotool.ir.bundle import Bundle
from neurotool.ir.manifest import Manifest, OptionsRecord
from neurotool.pipeline.energy import estimate


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four inputs of which each fires in its own share of the steps, and two neurons."""
    folder = tmp_path_factory.mktemp("model")
    rng = np.random.default_rng(0)
    weight = np.array([[1.5, 1.5, 0.2, 0.2], [0.2, 0.2, 1.5, 1.5]])
    full = {name: np.full(2, value) for name, value in
            {"tau": 0.01, "r": 10.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}.items()}  # fmt: skip
    nodes = {"x": nir.Input({"input": np.array([4])}), "w": nir.Linear(weight), "n": nir.LIF(**full),
             "y": nir.Output({"output": np.array([2])})}  # fmt: skip
    nir.write(folder / "m.nir", nir.NIRGraph(nodes, [("x", "w"), ("w", "n"), ("n", "y")]))
    y = rng.integers(0, 2, 40)
    chance = np.where(np.arange(4)[None] // 2 == y[:, None], 0.6, 0.1)
    x = rng.random((30, 40, 4)) < chance[None]
    np.savez(folder / "data.npz", x=x, y=y)
    options = pipeline.ConvertOptions(dt=1e-3, calib=folder / "data.npz", chip="loihi1", chips=3, placement_seconds=0.1)
    result = pipeline.convert(str(folder / "m.nir"), folder / "bundle", options)
    return folder, x, result


def test_the_layout_is_made_for_the_rates_of_the_calibration_data(made):
    folder, x, result = made
    (placement,) = result.placements.values()
    assert placement.rates["x"] == pytest.approx(x.mean())
    ran = pipeline.run(folder / "bundle", folder / "data.npz", target="gpu")
    (trace,) = ran.traces.values()
    assert placement.rates["n"] == pytest.approx(np.mean(trace.spikes["n"] != 0))
    assert not any("10%" in sentence for sentence in placement.assumptions)
    kept = pipeline.inspect(folder / "bundle")
    assert [each.rates for each in kept.placements.values()] == [placement.rates]
    elsewhere = pipeline.placements(folder / "bundle", chip="loihi2")[1]
    assert [each.rates for each in elsewhere.values()] == [placement.rates]


def test_the_manifest_says_how_the_layout_was_asked_for(made):
    options = made[2].bundle.manifest.options
    assert (options.chips, options.placement_seconds) == (3, 0.1)
    before = {"chip": "loihi2"}
    assert (OptionsRecord(**before).chips, OptionsRecord(**before).placement_seconds) == (None, 0.0)


ELSEWHERE = {
    "dt": "dt",
    "convention": "convention",
    "calib": "calibration",
    "encode": "inputs",
    "steps": "inputs",
    "spiking": "options.patterns",
    "dense": "options.patterns",
    "fine_tune": "tuning",
    "fine_tune_epochs": "tuning",
    "learning_rate": "tuning",
}
"""Options that the manifest keeps under another name than theirs in ``options``."""

NOT_KEPT = {
    "force",  # says what may be replaced, nothing of what is made
    "example",  # an array; its shape is that of the inputs
}


def test_every_option_of_a_conversion_is_kept():
    kept = set(OptionsRecord.model_fields) - {"patterns"}
    assert kept | ELSEWHERE.keys() | NOT_KEPT == {each.name for each in fields(pipeline.ConvertOptions)}
    assert kept.isdisjoint(ELSEWHERE)
    assert {place.partition(".")[0] for place in ELSEWHERE.values()} <= Manifest.model_fields.keys()


def test_the_manifest_says_what_the_cut_was_chosen_by(made):
    folder = made[0]
    options = pipeline.ConvertOptions(
        dt=1e-3, calib=folder / "data.npz", objective="energy", device="h100-sxm", max_latency=2.0, min_accuracy=0.1,
        cut_seconds=1.5, coding={"x": "spikes"}, search_scales=3, sensitivity=True, spiking=("w", "n"),
    )  # fmt: skip
    pipeline.convert(str(folder / "m.nir"), folder / "chosen", options)
    kept = Bundle.open(folder / "chosen").manifest.options
    for name in OptionsRecord.model_fields.keys() - {"patterns"}:
        assert getattr(kept, name) == getattr(options, name), name
    assert kept.patterns == {"spiking": ("w", "n")}


def test_a_manifest_without_these_options_is_still_read():
    before = OptionsRecord(chip="loihi2")
    assert (before.objective, before.device, before.coding, before.cut_seconds) == (None,) * 4


def test_a_comparison_finds_what_runs_recorded_and_what_the_user_says(made, tmp_path):
    folder, *_ = made
    ran = pipeline.run(folder / "bundle", folder / "data.npz", target="gpu")
    said = tmp_path / "said.yaml"
    said.write_text("quantised-ann: {accuracy: 0.5, source: a log}\n", encoding="utf-8")
    options = pipeline.EnergyOptions(compare=True, plot=False, accuracies=said)

    def accuracies(limit=None, options=options):
        result = pipeline.estimate_energy(folder / "bundle", folder / "data.npz", limit=limit, options=options)
        return {each.kind: each.accuracy for each in result.comparison.alternatives}, result

    found, result = accuracies()
    assert found["spiking-gpu"] == ran.accuracy
    assert found["quantised-ann"] == 0.5
    assert found["float-ann"] is None
    assert found["split"] is not None
    kept = json.loads((result.run_dir / "energy.json").read_text())["comparison"]["alternatives"][0]
    assert kept["accuracy"] == found["split"]
    # Of ten samples the run of all forty says nothing.
    assert accuracies(limit=10)[0]["spiking-gpu"] is None
    both = pipeline.EnergyOptions(compare=True, plot=False, compare_with=(folder / "bundle",))
    again = accuracies(options=both)[1].comparison.alternatives
    assert [each.name for each in again[:2]] == ["spiking on chip", "spiking on chip (bundle)"]
    assert again[1].latency.nominal > 0


def test_a_bundle_without_such_an_estimate_is_refused(made, tmp_path):
    folder, *_ = made
    options = pipeline.ConvertOptions(dt=1e-3)
    pipeline.convert(str(folder / "m.nir"), tmp_path / "other", options)
    with pytest.raises(UsageError, match="no estimate to compare with"):
        pipeline.estimate_energy(
            folder / "bundle",
            folder / "data.npz",
            options=pipeline.EnergyOptions(compare=True, plot=False, compare_with=(tmp_path / "other",)),
        )


def test_without_data_the_estimate_rests_on_recorded_rates(made):
    folder, x, _ = made
    options = pipeline.EnergyOptions(plot=False)
    rated = pipeline.estimate_rates(folder / "bundle", options=options).report
    ran = pipeline.estimate_energy(folder / "bundle", folder / "data.npz", options=options).report
    assert rated.evidence is Evidence.RECORDED
    assert "recorded rates (calibration data)" in rated.activity

    def counts(report):
        return {p.what: p.count for row in report.rows() for p in row.arithmetic if row.name == "n"}

    # Both inputs reach both neurons, so that means give the same synaptic operations as the spikes themselves.
    synops = "synaptic operations, lists without indices"
    assert counts(rated)[synops] == pytest.approx(counts(ran)[synops]) == pytest.approx(x.sum() / 40 * 2)
    # The integers fire a little more or less often than the float reference, whose rate was recorded.
    assert counts(rated)["firing neurons"] == pytest.approx(counts(ran)["firing neurons"], rel=0.1)
    assert rated.latency.nominal == pytest.approx(ran.latency.nominal, rel=0.05)
    short = pipeline.estimate_rates(folder / "bundle", steps=3, options=options).report
    assert short.total.nominal < rated.total.nominal


def test_a_report_is_kept_although_its_figures_cannot_be_drawn(made, monkeypatch):
    folder, *_ = made

    def full(*_):
        raise UsageError("energy-layers.png cannot be written: No space left on device")

    monkeypatch.setattr(estimate, "draw_energy", full)
    result = pipeline.estimate_energy(folder / "bundle", folder / "data.npz")
    assert json.loads((result.run_dir / "energy.json").read_text())["energy_J"]["total"]["nominal"] > 0
    assert result.figures == ()
    assert result.notes == (
        "The figures were not drawn: energy-layers.png cannot be written: No space left on device.",
    )


def test_counts_that_are_there_are_kept(made, tmp_path):
    folder, counts = made[0], tmp_path / "counts.json"
    counts.write_text("precious")
    options = pipeline.EnergyOptions(neurobench=counts, plot=False)
    with pytest.raises(UsageError, match="exists"):
        pipeline.estimate_energy(folder / "bundle", folder / "data.npz", options=options)
    assert counts.read_text() == "precious"
    pipeline.estimate_energy(folder / "bundle", folder / "data.npz", options=replace(options, force=True))
    assert "SynapticOperations" in json.loads(counts.read_text())
