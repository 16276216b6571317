"""The numbers, and the loaders of the published layouts on small files of their formats."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurotool.errors import UsageError
from neurotool.examples.stft.data.attributes import attributes, number_texts
from neurotool.examples.stft.data.avca import load_avca
from neurotool.examples.stft.data.layout import STAGES
from neurotool.examples.stft.data.numbers import NumbersOptions, numbers, share_images, split_classes
from neurotool.examples.stft.data.speech import BANDS, draw_speaker, speak, spectrum
from neurotool.examples.stft.data.task import Task, resample
from neurotool.examples.stft.data.tcaf import load_tcaf
from neurotool.examples.stft.data.unpickle import load_pickle

TINY = NumbersOptions(train=1, seen=1, unseen=1, steps=5)


@pytest.fixture(scope="module")
def tiny() -> Task:
    return numbers(TINY)


def test_numbers_have_the_documented_shapes_and_repeat_themselves(tiny: Task) -> None:
    assert len(tiny.classes) == 100 and tiny.classes[7] == "07"
    assert tiny.text.shape == (100, 300)
    np.testing.assert_allclose(np.linalg.norm(tiny.text, axis=1), 1, atol=1e-5)
    train = tiny.splits["train"]
    assert (train.audio.shape, train.video.shape) == ((5, 60, BANDS), (5, 60, 64))
    assert len(tiny.splits["full_train"]) == 60 + 60 + 20
    again = numbers(TINY).splits["test_unseen"]
    assert np.array_equal(again.audio, tiny.splits["test_unseen"].audio)


def test_unseen_classes_are_unseen_and_every_digit_is_seen_in_every_place(tiny: Task) -> None:
    assert len(tiny.present("train")) == 60
    assert not set(tiny.present("train")) & set(tiny.present("val_unseen"))
    assert not set(tiny.present("full_train")) & set(tiny.present("test_unseen"))
    assert np.array_equal(tiny.present("test_seen"), tiny.present("full_train"))
    for seed in range(3):
        seen, val, test = split_classes(100, np.random.default_rng(seed))
        assert (len(seen), len(val), len(test)) == (60, 20, 20)
        assert set(seen // 10) == set(range(10)) == set(seen % 10)


def test_no_image_is_in_two_splits() -> None:
    shared = share_images(np.random.default_rng(0))
    for digit in range(10):
        drawn = [image.tobytes() for images in shared.values() for image in images[digit]]
        assert len(set(drawn)) > 0.99 * len(drawn)  # two of the 1797 scans are equal, pixel by pixel
        sizes = [len(images[digit]) for images in shared.values()]
        assert min(sizes) >= 15 and 170 < sum(sizes) < 190


def test_a_number_is_near_those_that_share_a_digit_in_its_place() -> None:
    text = number_texts(2)
    near = text[37] @ text[[27, 31]].T
    assert near.min() > text[37] @ text[18]
    assert text[37] @ text[73] < 0.999
    assert len({attributes(digit).tobytes() for digit in range(10)}) == 10
    assert number_texts(3).shape == (1000, 300)


def test_speech_differs_by_digit_more_than_by_utterance() -> None:
    rng = np.random.default_rng(0)
    speaker = draw_speaker(rng)
    heard = {d: [resample(spectrum(speak([d], speaker, rng)), 8) for _ in range(3)] for d in (2, 6, 9)}
    within = max(np.abs(a - b).mean() for said in heard.values() for a in said for b in said)
    between = min(np.abs(heard[a][0] - heard[b][0]).mean() for a in heard for b in heard if a != b)
    assert between > within


def test_resampling_is_adaptive_averaging() -> None:
    torch = pytest.importorskip("torch")
    frames = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    for steps in (1, 3, 7, 10):
        expected = torch.nn.functional.adaptive_avg_pool1d(torch.from_numpy(frames.T[None]), steps)[0].T.numpy()
        np.testing.assert_allclose(resample(frames, steps), expected, atol=1e-5)


# The published layouts. "Alpha" and "Beta" change their order when they are sorted by their spaced names.
NAMES = {"Alpha": "Zulu Dance", "Beta": "Able Run", "Gamma": "Mike Walk", "Delta": "Kilo Sit"}
OF_STAGE = {
    "train": ["Alpha", "Beta"], "val_seen": ["Alpha", "Beta"], "val_unseen": ["Gamma"],
    "full_train": ["Alpha", "Beta", "Gamma"], "test_seen": ["Alpha", "Beta", "Gamma"], "test_unseen": ["Delta"],
}  # fmt: skip


def value(name: str, row: int) -> float:
    """A number that tells class and recording."""
    return 10.0 * sorted(NAMES).index(name) + row


def write_layout(root: Path, kind: str, sequences: bool) -> None:
    splits, features = root / "class-split", root / "features" / f"{kind}_features"
    (splits / f"{kind}_split").mkdir(parents=True)
    (features / "text").mkdir(parents=True)
    (splits / "all_class.txt").write_text("\n".join(["Gamma", "Alpha", "Delta", "Beta"]) + "\n")
    with (splits / "toy_w2v_class_names.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("original", "manual"), *((name.upper(), spaced) for name, spaced in NAMES.items())]
        )
    vectors = {spaced: np.full(3, value(name, 0), np.float32) for name, spaced in NAMES.items()}
    np.save(features / "text" / "word_embeddings_toy_normed.npy", vectors, allow_pickle=True)  # type: ignore[arg-type]
    for split, stage in STAGES.items():
        (splits / f"{kind}_split" / f"{stage}.txt").write_text("\n".join(OF_STAGE[split]))
        for modality, width in (("audio", 2), ("video", 4)):
            folder = features / modality / stage
            folder.mkdir(parents=True)
            for name in OF_STAGE[split]:
                write_class(folder / name, name, width, sequences, backwards=modality == "video")
    # A class that the list leaves out, as in cls_split.
    write_class(features / "audio" / "stage_2_test_unseen" / "Beta", "Beta", 2, sequences, backwards=False)


def write_class(path: Path, name: str, width: int, sequences: bool, *, backwards: bool) -> None:
    rows = [1, 0] if backwards else [0, 1]
    urls = [f"v_{name}_{row}".encode() for row in rows]
    if sequences:
        frames = [np.full((3 + row, width), value(name, row), np.float32) for row in rows]
        table = {"features": frames, "fps": [25.0, 25.0], "video_names": [url.decode() for url in urls]}
        path.with_suffix(".pkl").write_bytes(pickle.dumps(table))
        return
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file.create_dataset("data", data=np.stack([np.full(width, value(name, row), np.float32) for row in rows]))
        file.create_dataset("video_urls", dtype="S80", data=urls)


@pytest.mark.parametrize(("sequences", "kind"), [(False, "main"), (False, "cls"), (True, "cls"), (True, "main")])
def test_published_layouts_are_read(tmp_path: Path, sequences: bool, kind: Any) -> None:
    write_layout(tmp_path, kind, sequences)
    task = load_tcaf(tmp_path, kind, steps=5) if sequences else load_avca(tmp_path, kind)
    assert task.classes == ("Alpha", "Beta", "Delta", "Gamma")
    assert task.text[:, 0].tolist() == [0.0, 10.0, 20.0, 30.0]  # through the mapping, whatever the capitals
    seen = task.splits["test_seen"]
    assert seen.target.tolist() == [0, 0, 1, 1, 3, 3]
    shape = (5, 6, 2) if sequences else (6, 2)
    assert seen.audio.shape == shape and seen.video.shape == (*shape[:-1], 4)
    expected = np.array([0.0, 1.0, 10.0, 11.0, 30.0, 31.0], np.float32)
    rows = seen.audio[0] if sequences else seen.audio
    videos = seen.video[0] if sequences else seen.video  # written in another order, paired by name
    assert np.array_equal(rows[:, 0], expected) and np.array_equal(videos[:, 0], expected)
    assert task.splits["test_unseen"].target.tolist() == [2, 2]


def test_the_legacy_order_gives_classes_the_vector_of_another(tmp_path: Path) -> None:
    write_layout(tmp_path, "main", False)
    legacy = load_avca(tmp_path, legacy_text_order=True).text[:, 0].tolist()
    assert legacy == [10.0, 20.0, 30.0, 0.0]  # Able Run, Kilo Sit, Mike Walk, Zulu Dance


def test_a_missing_data_set_says_where_it_can_be_had(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"all_class\.txt") as found:
        load_avca(tmp_path)
    assert "github.com/ExplainableML/AVCA-GZSL" in str(found.value.hint)


def test_broken_files_are_named(tmp_path: Path) -> None:
    write_layout(tmp_path, "main", False)
    audio = tmp_path / "features" / "main_features" / "audio"
    victim = audio / "stage_1_train" / "Alpha.h5"
    victim.write_bytes(b"no HDF5")
    with pytest.raises(UsageError, match=r"Alpha\.h5"):
        load_avca(tmp_path)
    victim.unlink()
    with pytest.raises(UsageError, match="alpha"):
        load_avca(tmp_path)


class _Evil:
    def __reduce__(self) -> Any:
        return (print, ("code ran",))


def test_a_pickle_that_calls_a_function_is_refused_unrun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"features": [_Evil()]}))
    with pytest.raises(UsageError, match="print"):
        load_pickle(path)
    assert capsys.readouterr().out == ""
