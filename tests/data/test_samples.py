"""Files for models with several inputs: every array finds its input, and what does not fit is named."""

import numpy as np
import pytest

from neurotool.data import Reading, files, input_fields, load_samples, save
from neurotool.errors import UsageError

DRAW = np.random.default_rng(1)
AUDIO = DRAW.random((5, 3, 4)) < 0.5
VIDEO = DRAW.random((3, 6))
TEXT = DRAW.random((3, 2)).astype(np.float32)
LABELS = np.array([2, 0, 1])


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_each_array_is_read_in_its_own_way(tmp_path, suffix):
    path = tmp_path / f"d{suffix}"
    save(path, {"audio": AUDIO, "video": VIDEO, "text": TEXT}, LABELS)
    found = load_samples(path, {"video": Reading("rate", steps=5, seed=4)})
    assert {name: one.kind for name, one in found.inputs.items()} == {
        "audio": "spikes",
        "video": "spikes",
        "text": "float",
    }
    assert {name: one.timed for name, one in found.inputs.items()} == {"audio": True, "video": True, "text": False}
    assert (found.batch, found.steps, found.inputs["text"].shape, found.inputs["text"].encode) == (3, 5, (2,), "static")
    np.testing.assert_array_equal(found.inputs["text"].x, TEXT)
    np.testing.assert_array_equal(found.y, LABELS)
    some = found.take(2)
    assert [one.batch for one in some.inputs.values()] == [2, 2, 2]
    np.testing.assert_array_equal(some.inputs["video"].x, found.inputs["video"].x[:, :2])
    np.testing.assert_array_equal(some.y, LABELS[:2])


def test_x_is_the_only_input_where_it_is_there(tmp_path):
    save(tmp_path / "d.npz", {"x": AUDIO, "notes": TEXT})
    assert list(load_samples(tmp_path / "d.npz").inputs) == ["x"]
    assert load_samples(tmp_path / "d.npz", names=["spikes"]).inputs["x"].shape == (4,)


def test_static_samples_of_any_shape_are_kept_when_asked_for(tmp_path):
    save(tmp_path / "d.npz", AUDIO.astype(np.float32))
    found = load_samples(tmp_path / "d.npz", {"x": Reading("static")}).inputs["x"]
    assert (found.timed, found.batch, found.shape, found.steps) == (False, 5, (3, 4), 0)


@pytest.mark.parametrize(
    ("arrays", "names", "readings", "message"),
    [
        ({"audio": AUDIO}, ["audio", "video"], {}, "array video is missing, found audio"),
        ({"audio": AUDIO, "video": AUDIO, "id": TEXT}, ["audio", "video"], {}, "array 'id' is no input of the model"),
        ({"audio": AUDIO, "video": VIDEO[:2]}, None, {}, "the arrays differ: audio has 3 samples, video has 2 samples"),
        ({"a": AUDIO, "b": AUDIO[:4]}, None, {}, "the arrays differ: a has 5 time steps, b has 4 time steps"),
        ({"audio": AUDIO, "video": VIDEO}, None, {"text": Reading("static")}, "no array 'text' for an input"),
        ({"audio": AUDIO, "video": VIDEO}, None, {"video": Reading("rate")}, "needs the number of time steps"),
        ({"audio": AUDIO, "video": VIDEO}, None, {"video": Reading("morse", 4)}, "no encoder 'morse'"),
        ({"x": AUDIO}, None, {"x": Reading("static", steps=4)}, "--steps 4 means nothing with --encode static"),
        ({"audio": AUDIO * np.nan, "video": VIDEO}, None, {}, r"field audio holds nan at \(0, 0, 0\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(tmp_path, arrays, names, readings, message):
    save(tmp_path / "d.npz", arrays)
    with pytest.raises(UsageError, match=message) as caught:
        load_samples(tmp_path / "d.npz", readings, names)
    assert "d.npz" in caught.value.message or "--" in caught.value.message


def test_fields_are_named_in_the_order_of_the_model(tmp_path):
    save(tmp_path / "d.h5", {"video": VIDEO, "audio": AUDIO}, LABELS)
    assert input_fields(tmp_path / "d.h5", ["audio", "video"]) == ("audio", "video")
    assert set(input_fields(tmp_path / "d.h5")) == {"audio", "video"}


def test_a_file_is_hashed_once_however_many_inputs_it_holds(tmp_path, monkeypatch):
    hashed = []
    monkeypatch.setattr(files, "file_sha256", lambda path: hashed.append(path) or "0" * 64)
    save(tmp_path / "d.npz", {"audio": AUDIO, "video": VIDEO, "text": TEXT})
    found = load_samples(tmp_path / "d.npz")
    assert hashed == [tmp_path / "d.npz"]
    assert {one.sha256 for one in found.inputs.values()} == {found.sha256} == {"0" * 64}


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_objects_are_not_written(suffix, tmp_path):
    path = tmp_path / f"d{suffix}"
    with pytest.raises(UsageError, match="array x holds Python objects"):
        save(path, np.array([{}]))
    assert not path.exists()
