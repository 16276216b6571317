"""Runs of a bundle that go on where another stopped: exact, or refused with the reason."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hybrids import STEPS, population, spikes
from torch import nn

from neurotool import data, pipeline
from neurotool.errors import UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.state_file import save_states
from neurotool.pipeline.adapters import program_target
from neurotool.pipeline.runs.model import Model
from neurotool.pipeline.samples import read_data
from neurotool.runtime.coding import encode

DRAW = np.random.default_rng(9)


class Alone(nn.Module):
    """Two populations and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = population(16, 12), population(12, 8)
        self.example_input = spikes(16)

    def forward(self, x):
        return self.second(self.first(x)[0])[0]


class Between(nn.Module):
    """A dense middle between two populations, which may remember earlier steps or know which step it is."""

    def __init__(self, middle: str) -> None:
        super().__init__()
        self.first, self.second = population(16, 12), population(12, 8)
        self.recurrent = nn.GRU(12, 12)
        self.position = nn.Parameter(torch.rand(STEPS, 1, 12))
        self.middle = middle
        self.example_input = spikes(16)

    def forward(self, x):
        fired, _ = self.first(x)
        if self.middle == "recurrent":
            fired, _ = self.recurrent(fired)
        elif self.middle == "position":
            fired = fired + self.position
        return self.second(torch.relu(fired) * 0.9)[0]


@pytest.fixture
def convert(tmp_path):
    """Convert a model, calibrated on an array."""

    def make(model, x, **options):
        torch.manual_seed(4)
        data.save(tmp_path / "calib.npz", x)
        wished = pipeline.ConvertOptions(calib=tmp_path / "calib.npz", **options)
        pipeline.convert(model() if callable(model) else model, tmp_path / "bundle", wished)
        return tmp_path / "bundle", tmp_path / "calib.npz"

    return make


def resumed(bundle, first, second, tmp_path):
    """Run two files in a row; the second goes on where the first stopped."""
    begun = pipeline.run(bundle, first, keep_state=True)
    save_states({name: trace.state for name, trace in begun.traces.items()}, tmp_path / "state.h5")
    return begun, pipeline.run(bundle, second, resume=tmp_path / "state.h5")


def test_two_runs_in_a_row_are_one_long_run(convert, tmp_path):
    x = DRAW.random((2 * STEPS, 3, 16)) < 0.3
    bundle, whole = convert(Alone, x)
    data.save(tmp_path / "1.npz", x[:STEPS])
    data.save(tmp_path / "2.npz", x[STEPS:])
    halves = resumed(bundle, tmp_path / "1.npz", tmp_path / "2.npz", tmp_path)
    (expected,) = pipeline.run(bundle, whole).outputs.values()
    assert expected[STEPS:].any()
    np.testing.assert_array_equal(np.concatenate([next(iter(h.outputs.values())) for h in halves]), expected)


def test_a_rate_code_goes_on_in_its_random_stream(made, tmp_path):
    bundle, samples = made("held", coding={"hold": "rate"})
    model = Model(Bundle.open(bundle))
    (part,), program = model.programs, next(iter(model.programs.values()))
    x = read_data(samples, model.bundle.manifest.inputs).inputs["x"].x
    value = model.execute({"x": x}, "loihi", RunOptions()).values["hold"]
    twice = np.concatenate([value, value])
    payload = encode(twice, model.boundaries["hold", part], program.inputs["hold"]).payload
    whole = program_target("loihi").run_program(program, {"hold": payload}, RunOptions())
    halves = [done.traces[part] for done in resumed(bundle, samples, samples, tmp_path)]
    for name, raster in whole.spikes.items():
        np.testing.assert_array_equal(np.concatenate([half.spikes[name] for half in halves]), raster)
    assert (halves[0].spikes["hold"] != halves[1].spikes["hold"]).any()


def test_sums_of_a_run_that_goes_on_are_said_to_be_its_own(made, tmp_path):
    bundle, samples = made("encoder")
    begun, second = resumed(bundle, samples, samples, tmp_path)
    own = "dense-0 takes encoder.3 summed over the time steps of this run, not of those before it"
    assert own in second.notes
    assert own not in begun.notes


def test_a_dense_part_that_treats_each_step_by_itself_may_go_on(convert, tmp_path):
    x = DRAW.random((STEPS, 3, 16)) < 0.3
    bundle, samples = convert(lambda: Between("plain"), x)
    assert [p.over_time for p in Bundle.open(bundle).manifest.parts if p.side == "dense"] == [()]
    _, second = resumed(bundle, samples, samples, tmp_path)
    assert not second.notes


@pytest.mark.parametrize(("middle", "node"), [("recurrent", "recurrent"), ("position", "add")])
def test_a_dense_part_that_would_begin_anew_is_named(convert, middle, node):
    bundle, samples = convert(lambda: Between(middle), DRAW.random((STEPS, 3, 16)) < 0.3)
    with pytest.raises(UsageError, match=f"dense-0 would begin anew in every run: {node} ") as refused:
        pipeline.run(bundle, samples, keep_state=True)
    assert "all time steps in one run" in refused.value.hint


@pytest.mark.parametrize("method", ["rate", "latency"])
def test_data_encoded_anew_in_every_run_is_named(convert, method):
    bundle, samples = convert(Alone, DRAW.random((3, 16)), encode=method, steps=STEPS)
    with pytest.raises(UsageError, match=f"input 'x' is encoded with --encode {method}, which begins anew") as refused:
        pipeline.run(bundle, samples, keep_state=True)
    assert "[time, batch, *features]" in refused.value.hint


def test_a_latency_code_is_named(made):
    bundle, samples = made("held", coding={"hold": "latency"})
    with pytest.raises(UsageError, match="boundary 'hold' is told by latency, which begins anew") as refused:
        pipeline.run(bundle, samples, keep_state=True)
    assert "--coding hold=constant" in refused.value.hint
