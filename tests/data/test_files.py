"""Data files: what is read comes back, and what is wrong is named."""

import pickle

import h5py
import numpy as np
import pytest

from neurotool.data import Dataset, file_sha256, load, save
from neurotool.errors import UsageError

RASTER = np.random.default_rng(1).random((4, 3, 2, 2)) < 0.5
IMAGES = np.arange(12, dtype=np.uint8).reshape(3, 4)
LABELS = np.array([2, 0, 1])


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_raster_round_trip(tmp_path, suffix):
    path = tmp_path / f"data{suffix}"
    save(path, RASTER, LABELS)
    data = load(path)
    np.testing.assert_array_equal(data.x, RASTER)
    np.testing.assert_array_equal(data.y, LABELS)
    assert (data.kind, data.steps, data.batch, data.shape) == ("spikes", 4, 3, (2, 2))
    assert (data.message_bits, data.scale, data.static, data.encode, data.peak) == (0, 1.0, None, None, None)
    assert data.sha256 == file_sha256(path)


@pytest.mark.parametrize(
    ("dtype", "kind", "bits"), [(np.uint8, "spikes", 0), (np.int32, "graded", 8), (np.float32, "float", 0)]
)
def test_dtype_says_the_kind(tmp_path, dtype, kind, bits):
    save(tmp_path / "d.npz", RASTER.astype(dtype))
    data = load(tmp_path / "d.npz")
    assert (data.kind, data.message_bits) == (kind, bits)


def test_floats_that_look_like_spikes_are_pointed_out(tmp_path):
    save(tmp_path / "d.npz", RASTER.astype(np.float32))
    assert "save it as bool" in load(tmp_path / "d.npz").notes[0]
    save(tmp_path / "d.npz", RASTER * 0.5)
    assert load(tmp_path / "d.npz").notes == ()


def test_encoding_is_repeatable_on_another_file(tmp_path):
    save(tmp_path / "all.npz", IMAGES, LABELS)
    save(tmp_path / "few.h5", IMAGES[:2])
    first = load(tmp_path / "all.npz", encode="rate", steps=9, seed=5)
    assert first.peak == 11.0
    again = load(tmp_path / "few.h5", encode=first.encode, steps=first.steps, seed=first.seed, peak=first.peak)
    np.testing.assert_array_equal(again.x, first.take(2).x)
    np.testing.assert_array_equal(first.static, IMAGES)


def test_samples_slice_every_field(tmp_path):
    save(tmp_path / "d.npz", IMAGES, LABELS)
    part = load(tmp_path / "d.npz", encode="latency", steps=5).samples(slice(1, 3))
    assert part.batch == 2
    np.testing.assert_array_equal(part.static, IMAGES[1:3])
    np.testing.assert_array_equal(part.y, LABELS[1:3])
    assert isinstance(part, Dataset)


def write_text(path):
    path.write_text("x, y\n1, 2\n")


def write_truncated(path):
    save(path, RASTER)
    path.write_bytes(path.read_bytes()[:-40])


def write_flipped(path):
    np.savez(path, x=RASTER)
    content = bytearray(path.read_bytes())
    content[content.index(RASTER.tobytes())] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("suffix", "write", "message"),
    [
        (".npz", lambda p: None, "no such file"),
        (".npz", lambda p: p.mkdir(), "is a directory"),
        (".csv", write_text, r"data files end in .npz or .h5, found '.csv'"),
        (".npz", write_text, "is not an .npz file"),
        (".h5", write_text, "not a readable HDF5 file"),
        (".npz", write_truncated, "is truncated"),
        (".h5", write_truncated, "not a readable HDF5 file"),
        (".npz", write_flipped, "is damaged"),
        (".npz", lambda p: np.savez(p, images=RASTER), "field x is missing, found images"),
        (".h5", lambda p: h5py.File(p, "w").create_group("x").file.close(), "field x is a group"),
        (".npz", lambda p: np.savez(p, x=np.array([{}]), allow_pickle=True), "cannot be read as an array of numbers"),
        (".npz", lambda p: np.savez(p, x=np.array([["a"]])), "field x holds <U1, expected bool"),
        (".npz", lambda p: save(p, RASTER + 0j), "holds complex128"),
        (".npz", lambda p: save(p, RASTER[:, :0]), "is empty"),
        (".npz", lambda p: save(p, np.where(RASTER, np.nan, 0.0)), r"holds nan at \("),
        (".npz", lambda p: save(p, RASTER[0, 0]), r"shape \(2, 2\), expected \[time, batch, \*features\]"),
        (".npz", lambda p: save(p, RASTER, np.zeros(4, int)), "x has no time axis or has it second"),
        (".npz", lambda p: save(p, RASTER, np.zeros(7, int)), r"y has shape \(7,\), expected \(3,\)"),
        (".npz", lambda p: save(p, RASTER, np.zeros(3)), "y holds float64"),
        (".npz", lambda p: save(p, RASTER, -LABELS), "y holds -2"),
        (".npz", lambda p: save(p, RASTER.astype(np.uint8) * 3), "uint8, which means spikes, but holds 3"),
        (".npz", lambda p: save(p, RASTER * 2**40), "at most 32 bits"),
    ],
)
def test_bad_files_are_named(tmp_path, suffix, write, message):
    path = tmp_path / f"bad{suffix}"
    write(path)
    with pytest.raises(UsageError, match=message) as caught:
        load(path)
    assert caught.value.message.startswith(str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encode": "rate"}, "--encode rate needs the number of time steps"),
        ({"encode": "rate", "steps": 0}, "--steps: 0"),
        ({"encode": "rate", "steps": 4, "seed": -1}, "--seed: -1 is negative"),
        ({"encode": "morse", "steps": 4}, "no encoder 'morse'"),
        ({"steps": 4}, "--steps 4 means nothing without --encode"),
        ({"peak": 4.0}, "--peak 4.0 means nothing without --encode"),
        ({"encode": "rate", "steps": 4, "peak": 0.0}, "--peak: 0"),
        ({"encode": "graded", "steps": 4, "peak": 2.0}, "no peak to give"),
    ],
)
def test_bad_options_are_named(tmp_path, options, message):
    save(tmp_path / "d.npz", IMAGES)
    with pytest.raises(UsageError, match=message):
        load(tmp_path / "d.npz", **options)


def test_encoding_a_raster_is_refused_where_the_labels_show_it(tmp_path):
    save(tmp_path / "d.npz", RASTER, LABELS)
    with pytest.raises(UsageError, match="already has a time axis") as caught:
        load(tmp_path / "d.npz", encode="rate", steps=4)
    assert caught.value.hint == "drop --encode rate, and --steps where it is given"


def test_one_value_per_sample_is_refused(tmp_path):
    save(tmp_path / "d.npz", np.arange(3))
    with pytest.raises(UsageError, match=r"expected \[batch, \*features\]"):
        load(tmp_path / "d.npz", encode="rate", steps=4)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_pickles_are_never_loaded(tmp_path):
    np.savez(tmp_path / "d.npz", x=RASTER, y=LABELS, extra=np.array([Bomb()], dtype=object))
    assert load(tmp_path / "d.npz").batch == 3
    (tmp_path / "p.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(UsageError, match=r"is not an .npz file"):
        load(tmp_path / "p.npz")
