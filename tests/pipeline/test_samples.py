"""Which array of a data file belongs to which input of a model."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from neurotool import data
from neurotool.data import Dataset, Samples
from neurotool.errors import UsageError
from neurotool.ir.coding import Coding
from neurotool.ir.manifest import InputRecord
from neurotool.pipeline.samples import float_inputs, read_data, samples_of


def of(*names):
    path = Path("x.npz")
    arrays = {name: Dataset(np.full((2, 1, 3), i), None, path, "0" * 64) for i, name in enumerate(names)}
    return Samples(arrays, None, path, "0" * 64)


def test_the_only_array_belongs_to_the_only_input():
    found = of("x")
    assert samples_of(found, "encoder.in", ["encoder.in"]) is found.inputs["x"]


def test_several_belong_by_name_and_none_stands_for_another():
    found = of("audio", "video")
    assert samples_of(found, "video", ["audio", "video"]) is found.inputs["video"]
    with pytest.raises(UsageError, match=r"x\.npz: has no array for input 'radar'") as caught:
        samples_of(found, "radar", ["audio", "radar"])
    assert caught.value.hint == "it has: audio, video"
    with pytest.raises(UsageError, match="no array for input 'video'"):
        float_inputs(of("audio"), ["audio", "video"])


def test_swapped_axes_without_labels_are_warned_of(tmp_path):
    record = InputRecord(name="x", shape=(3,), coding=Coding.SPIKES, steps=20)
    for name, shape in (("swapped", (7, 20, 3)), ("longer", (25, 7, 3)), ("same", (20, 20, 3))):
        np.savez(tmp_path / f"{name}.npz", x=np.zeros(shape, bool))
    with pytest.warns(UserWarning, match=r"x has 7 time steps of 20 samples, and .* with 20 time steps; if the first"):
        read_data(tmp_path / "swapped.npz", [record])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_data(tmp_path / "longer.npz", [record]).steps == 25
        assert read_data(tmp_path / "same.npz", [record]).steps == 20


def test_swapped_axes_with_labels_are_refused_with_what_to_do(tmp_path):
    data.save(tmp_path / "swapped.npz", np.zeros((7, 20, 3), bool), np.zeros(7, int))
    with pytest.raises(UsageError) as refused:
        data.load(tmp_path / "swapped.npz")
    assert "the first axis must be time: transpose to [time, batch, ...]" in refused.value.hint
