"""Rate and latency codes in whole models: what they were calibrated for, and what they say they lose."""

import numpy as np
import pytest
import torch
from hybrids import STEPS, population
from torch import nn

from neurotool import data, pipeline
from neurotool.errors import NegativeAnswerError
from neurotool.ir.bundle import Bundle
from neurotool.pipeline.conversion.splitting import split
from neurotool.pipeline.cuts.accuracy import CutJudge

SAMPLES = 80
"""More than the samples that the error and the traffic of a boundary are measured on."""


@pytest.fixture(scope="module")
def calibration(tmp_path_factory):
    """Samples of which the last but one has by far the largest values."""
    path = tmp_path_factory.mktemp("latency") / "calib.npz"
    x = np.random.default_rng(3).normal(size=(SAMPLES, 10)).astype(np.float32)
    x[-2] *= 10.0
    data.save(path, x, np.arange(SAMPLES) % 3)
    return path


@pytest.fixture
def options(calibration):
    return pipeline.ConvertOptions(calib=calibration, encode="static", coding={"hold": "latency"})


def entering(boundaries):
    (found,) = [b for b in boundaries if b.value == "hold"]
    return found


def test_no_calibration_sample_is_clipped(calibration, options, tmp_path):
    made = pipeline.convert("hybrids:held", tmp_path / "bundle", options)
    result = pipeline.run(made.bundle.path, calibration, strict=True)
    assert not any("exceed" in note for note in result.notes)
    crossing = entering(Bundle.open(tmp_path / "bundle").manifest.boundaries)
    assert crossing.quantum == entering(split("hybrids:held", options, CutJudge).partition.boundaries).quantum


def test_roundings_are_tried_with_the_code_of_the_bundle(options, tmp_path):
    """The layers' losses come from runs whose spikes lie over all steps, not all in the first."""
    from neurotool.pipeline.conversion.calibration import calibrate
    from neurotool.pipeline.conversion.ports import ports_of
    from neurotool.pipeline.conversion.trial import Trial, only_spiking

    found = split("hybrids:held", options, CutJudge)
    calibration = calibrate(found.partition.graph, found.calibration, None)
    (part,) = only_spiking(found.partition)
    ports = ports_of(part, found.partition, found.calibration, calibration)
    payload = Trial.of(found.partition, part, ports, calibration).entering["hold"]
    values = Trial.of(found.partition, part, ports, calibration).values["hold"][0]
    np.testing.assert_array_equal(payload.sum(axis=0), values > 0)
    assert np.count_nonzero(payload.any(axis=(1, 2))) > 1


class Driven(nn.Module):
    """A population that hears twice a static input in every step."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Linear(4, 4, bias=False)
        with torch.no_grad():
            self.gain.weight.copy_(2.0 * torch.eye(4))
        self.layer = population(4, 3)
        self.example_input = torch.rand(2, 4)

    def forward(self, x):
        return self.layer(torch.tanh(self.gain(x)).unsqueeze(0).expand(STEPS, -1, -1))[0]


@pytest.mark.parametrize("coding", ["rate", "latency"])
def test_a_negative_value_that_calibration_did_not_show_is_said_and_stops_a_strict_run(coding, tmp_path):
    x = np.random.default_rng(1).random((5, 4), np.float32)
    for name, values in {"calib": x, "later": x - (x == x.max())}.items():
        data.save(tmp_path / f"{name}.npz", values)
    wished = pipeline.ConvertOptions(calib=tmp_path / "calib.npz", encode="static", coding={"*": coding})
    made = pipeline.convert(Driven(), tmp_path / "bundle", wished)
    (port,) = next(iter(made.programs.values())).inputs.values()
    assert port.message_bits == 0
    assert not pipeline.run(tmp_path / "bundle", tmp_path / "calib.npz", strict=True).notes
    lost = f"{STEPS} of {20 * STEPS}" if coding == "rate" else "1 of 20"
    (note,) = pipeline.run(tmp_path / "bundle", tmp_path / "later.npz").notes
    assert f"input '{port.name}': {lost} values are negative" in note
    with pytest.raises(NegativeAnswerError, match=f"{lost} values are negative"):
        pipeline.run(tmp_path / "bundle", tmp_path / "later.npz", strict=True)
