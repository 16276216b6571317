"""Reads the benchmark of AVCA (Mercea et al., CVPR 2022): features averaged over time, one HDF5 file per class."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from neurotool.errors import UsageError

from .layout import Kind, Layout
from .task import FloatArray, Samples, SplitName, Task


def load_avca(root: Path, kind: Kind = "main", *, legacy_text_order: bool = False) -> Task:
    """Load UCF-GZSL, ActivityNet-GZSL or VGGSound-GZSL.

    Args:
        root: Folder of the data set, such as ``avgzsl_benchmark_datasets/UCF``.
        kind: ``main`` for SeLaVi features (512 and 512), ``cls`` for VGGish and C3D features (128 and 4096).
        legacy_text_order: See :func:`neurotool.examples.stft.data.words.class_texts`.

    Raises:
        UsageError: Something is missing or not as published; the hint says where it can be had.
    """
    layout = Layout(root, kind)
    layout.check()
    classes, text = layout.words(legacy_text_order=legacy_text_order)
    numbers = {name.lower(): number for number, name in enumerate(classes)}
    return layout.task({split: _split(layout, split, numbers) for split in layout.present()}, classes, text)


def _split(layout: Layout, split: SplitName, numbers: dict[str, int]) -> Samples:
    audio, video, target = [], [], []
    videos = layout.files("video", split, ".h5")
    for name, path in layout.files("audio", split, ".h5").items():
        if name not in numbers:
            raise UsageError(f"{path}: class {path.stem!r} is not in all_class.txt")
        heard, seen = _read(path), _read(videos[name])
        shared = [url for url in heard if url in seen]
        if len(shared) != len(heard) or len(shared) != len(seen):
            raise UsageError(f"{path} and {videos[name]}: they do not hold the same recordings")
        audio += [heard[url] for url in shared]
        video += [seen[url] for url in shared]
        target += [numbers[name]] * len(shared)
    return Samples(np.stack(audio), np.stack(video), np.array(target, np.int64))


def _read(path: Path) -> dict[bytes, FloatArray]:
    """Features of each recording of a class, by its name."""
    try:
        with h5py.File(path, "r") as file:
            data, names = np.asarray(file["data"], np.float32), [bytes(name) for name in file["video_urls"]]
    except (OSError, KeyError) as error:
        raise UsageError(f"{path}: expected HDF5 with 'data' and 'video_urls' ({error})") from error
    if data.ndim != 2 or len(data) != len(names) or len(set(names)) != len(names):
        raise UsageError(f"{path}: expected one row of features per recording, found {data.shape} for {len(names)}")
    return dict(zip(names, data, strict=True))
