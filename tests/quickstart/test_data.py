"""The digits: a clean split, a lossless code, files that the command line reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurotool.data import load as load_file
from neurotool.examples.quickstart import data


def test_no_image_is_in_both_halves_and_none_is_lost() -> None:
    from sklearn.datasets import load_digits

    digits = data.load()
    halves = np.concatenate([digits.train_x, digits.test_x])
    everything = load_digits().data / 16.0
    assert sorted(map(bytes, halves)) == sorted(map(bytes, everything.astype(np.float32)))
    assert not set(map(bytes, digits.train_x)) & set(map(bytes, digits.test_x))


def test_the_split_is_stratified_and_repeatable() -> None:
    digits, again = data.load(), data.load()
    assert np.array_equal(digits.test_x, again.test_x)
    shares = [np.bincount(y, minlength=10) / len(y) for y in (digits.train_y, digits.test_y)]
    assert np.abs(shares[0] - shares[1]).max() < 0.005
    assert len(digits.test_y) == 360
    assert not np.array_equal(digits.test_x, data.load(split_seed=1).test_x)


def test_every_grey_level_has_a_step_of_its_own_and_paper_is_silent() -> None:
    levels = (np.arange(17) / 16.0).astype(np.float32).reshape(17, 1)
    raster = data.spikes(levels)[:, :, 0]
    assert raster.shape == (data.STEPS, 17)
    assert raster.sum(axis=0).tolist() == [0.0] + [1.0] * 16
    steps = raster[:, 1:].argmax(axis=0)
    assert (np.diff(steps) < 0).all()  # more ink, earlier spike
    assert steps[-1] == 0


def test_written_files_read_back_as_the_same_spikes(tmp_path: Path) -> None:
    digits = data.load()
    for path, x, y in zip(
        data.write(tmp_path, digits), (digits.train_x, digits.test_x), (digits.train_y, digits.test_y), strict=True
    ):
        read = load_file(path, encode="latency", steps=data.STEPS)
        assert np.array_equal(read.x, data.spikes(x).astype(bool))
        assert read.y is not None
        assert np.array_equal(read.y, y)
