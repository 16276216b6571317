"""What a cut costs before anything runs, beside what its bundle costs: from the run, and from the rates it keeps."""

from __future__ import annotations

import hybrids
import numpy as np
import pytest
from hybrids import SAMPLES, samples_of

from neurotool import data, pipeline
from neurotool.errors import UnsupportedError
from neurotool.ir.partition import Side

QUIET = pipeline.EnergyOptions(plot=False)

MODELS = {
    "raster in, counts out": ("encoder", {}),
    "16 bits": ("encoder", {"weight_bits": 16}),
    "all in torch": ("encoder", {"dense": ("*",)}),
    "graded in, raster out": ("residual", {}),
    "constant in": ("held", {}),
    "static input, all in torch": ("held", {"dense": ("*",)}),
}


def wished(name, folder, **options):
    """Options with samples of a model as calibration data."""
    values = samples_of(name)
    data.save(folder / "data.npz", values, np.arange(SAMPLES) % 3)
    static = {field: "static" for field, value in values.items() if value.ndim == 2}
    return pipeline.ConvertOptions(calib=folder / "data.npz", encode=static or None, **options)


@pytest.mark.parametrize(("name", "options"), MODELS.values(), ids=MODELS)
def test_a_cut_costs_what_its_bundle_costs(name, options, tmp_path):
    wanted = wished(name, tmp_path, **options)
    cut = pipeline.partition(f"hybrids:{name}", wanted).chosen
    pipeline.convert(f"hybrids:{name}", tmp_path / "bundle", wanted)
    ran = pipeline.estimate_energy(tmp_path / "bundle", tmp_path / "data.npz", options=QUIET).report
    rated = pipeline.estimate_rates(tmp_path / "bundle", options=QUIET).report if "dense" not in options else ran
    assert cut.costs.steps == hybrids.STEPS
    assert cut.cost.energy == pytest.approx(ran.total.nominal, rel=1e-3)
    assert cut.cost.latency == pytest.approx(ran.latency.nominal, rel=1e-3)
    assert rated.total.nominal == pytest.approx(ran.total.nominal, rel=1e-3)
    assert rated.latency.nominal == pytest.approx(ran.latency.nominal, rel=1e-3)


def test_the_time_axis_that_a_model_makes_counts_whatever_batch_or_steps_are_given():
    for batch in (1, 3, 7):
        options = pipeline.ConvertOptions(example=np.ones((batch, 10), np.float32), steps=30)
        assert pipeline.partition("hybrids:held", options).chosen.costs.steps == hybrids.STEPS


def test_steps_that_are_asked_for_go_before_those_of_an_example():
    found = pipeline.partition("hybrids:encoder", pipeline.ConvertOptions(steps=30)).chosen
    assert found.costs.steps == 30
    assert pipeline.partition("hybrids:encoder", pipeline.ConvertOptions()).chosen.costs.steps == hybrids.STEPS


def test_a_chip_without_payloads_takes_in_no_values(tmp_path):
    wanted = wished("residual", tmp_path, chip="loihi1")
    found = pipeline.partition("hybrids:residual", wanted)
    reasons = {reason.node: reason for reason in found.partition.reasons}
    assert found.partition.sides["middle.1"] is Side.DENSE
    assert reasons["middle.1"].rule == "NT-PART-012"
    assert "stem.2" in reasons["middle.1"].text and "no payload" in reasons["middle.1"].text
    assert not found.chosen.costs.candidates.problem.free
    with pytest.raises(UnsupportedError, match="cannot be forced onto the chip"):
        pipeline.partition("hybrids:residual", wished("residual", tmp_path, chip="loihi1", spiking=("middle.1",)))
    spikes = pipeline.partition("hybrids:encoder", wished("encoder", tmp_path, chip="loihi1"))
    assert spikes.partition.sides["encoder.1"] is Side.SPIKING
