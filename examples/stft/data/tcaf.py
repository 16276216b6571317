"""Reads the benchmark of TCAF (Mercea et al., ECCV 2022): sequences of features, one pickled file per class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurotool.errors import UsageError

from .layout import Kind, Layout
from .task import FloatArray, Samples, SplitName, Task, resample
from .unpickle import load_pickle

MOST_FRAMES = 300
"""Longer sequences are cut to their middle, as in TCAF's evaluation."""


def load_tcaf(root: Path, kind: Kind = "cls", *, steps: int = 10, legacy_text_order: bool = False) -> Task:
    """Load sequences and bring each to the same number of time steps.

    Recordings differ in length. Averaging neighbouring frames into a fixed number of steps, for each recording over its
    own length, keeps the order of events and needs no padding.

    Args:
        root: Folder of the data set.
        kind: ``main`` for SeLaVi features, ``cls`` for VGGish and C3D features.
        steps: Time steps.
        legacy_text_order: See :func:`neurotool.examples.stft.data.words.class_texts`.

    Raises:
        UsageError: Something is missing or not as published; the hint says where it can be had.
    """
    layout = Layout(root, kind)
    layout.check()
    classes, text = layout.words(legacy_text_order=legacy_text_order)
    numbers = {name.lower(): number for number, name in enumerate(classes)}
    return layout.task({split: _split(layout, split, numbers, steps) for split in layout.present()}, classes, text)


def _split(layout: Layout, split: SplitName, numbers: dict[str, int], steps: int) -> Samples:
    audio, video, target = [], [], []
    videos = layout.files("video", split, ".pkl")
    for name, path in layout.files("audio", split, ".pkl").items():
        if name not in numbers:
            raise UsageError(f"{path}: class {path.stem!r} is not in all_class.txt")
        heard, seen = _read(path, steps), _read(videos[name], steps)
        if set(heard) != set(seen):
            raise UsageError(f"{path} and {videos[name]}: they do not hold the same recordings")
        audio += list(heard.values())
        video += [seen[recording] for recording in heard]
        target += [numbers[name]] * len(heard)
    return Samples(np.stack(audio, 1), np.stack(video, 1), np.array(target, np.int64))


def _read(path: Path, steps: int) -> dict[str, FloatArray]:
    """Sequences ``[step, feature]`` of a class by the name of the recording."""
    table = load_pickle(path)
    if not isinstance(table, dict) or not {"features", "video_names"} <= set(table):
        raise UsageError(f"{path}: expected a dictionary with 'features', 'fps' and 'video_names'")
    names = [name.decode() if isinstance(name, bytes) else str(name) for name in table["video_names"]]
    sequences = [np.asarray(sequence, np.float32) for sequence in table["features"]]
    if len(names) != len(sequences) or any(s.ndim != 2 or not len(s) for s in sequences):
        raise UsageError(f"{path}: expected one sequence [frame, feature] per recording")
    return {name: resample(_middle(sequence), steps) for name, sequence in zip(names, sequences, strict=True)}


def _middle(sequence: FloatArray) -> FloatArray:
    first = max(0, (len(sequence) - MOST_FRAMES) // 2)
    return sequence[first : first + MOST_FRAMES]
