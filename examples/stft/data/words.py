"""Class embeddings of the published data sets, brought into the order of the class numbers.

The embeddings are kept under a spaced name ("Weight Lifting"), the classes under another one ("CleanAndJerk"), and a
CSV file maps one to the other. AVCA's loader sorts the spaced names and takes the class number as the row, which gives
79 of the 101 classes of UCF the vector of another class.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurotool.errors import UsageError

from .task import FloatArray
from .unpickle import load_numpy_object


def read_classes(folder: Path) -> tuple[str, ...]:
    """Names of all classes in the order of their numbers: sorted, as ``label_code`` counts them."""
    lines = _read(folder / "all_class.txt").splitlines()
    return tuple(sorted(line.strip() for line in lines if line.strip()))


def read_mapping(path: Path) -> dict[str, str]:
    """Spaced name of each class, by its lower-cased original name (files disagree about capitals)."""
    rows = list(csv.DictReader(_read(path).splitlines()))
    if not rows or not {"original", "manual"} <= set(rows[0]):
        raise UsageError(f"{path}: expected the columns 'original' and 'manual'")
    return {row["original"].strip().lower(): row["manual"].strip() for row in rows}


def class_texts(
    classes: tuple[str, ...], mapping: Mapping[str, str], path: Path, *, legacy_text_order: bool = False
) -> FloatArray:
    """Embeddings ``[class, feature]`` in the order of the class numbers.

    Args:
        classes: Names of all classes.
        mapping: From :func:`read_mapping`.
        path: The ``.npy`` file, a pickled dictionary of vectors by spaced name.
        legacy_text_order: Take the rows as AVCA's loader does, to compare with published figures: sorted by spaced name
            and indexed by class number, so that many classes get the vector of another one.

    Raises:
        UsageError: A class has no vector.
    """
    table = load_numpy_object(path)
    if not isinstance(table, dict):
        raise UsageError(f"{path}: expected a dictionary of vectors by class name")
    vectors: dict[str, Any] = {str(name): vector for name, vector in table.items()}
    if legacy_text_order:
        chosen = sorted(vectors)[: len(classes)]
        if len(chosen) < len(classes):
            raise UsageError(f"{path}: it holds {len(chosen)} vectors for {len(classes)} classes")
    else:
        folded = {name.lower(): name for name in vectors}
        wanted = {name: mapping.get(name.lower(), name).lower() for name in classes}
        missing = [name for name, spaced in wanted.items() if spaced not in folded]
        if missing:
            raise UsageError(f"{path}: no vector for {len(missing)} class(es): {', '.join(missing[:5])}")
        chosen = [folded[spaced] for spaced in wanted.values()]
    return np.stack([np.asarray(vectors[name], np.float32).ravel() for name in chosen])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror})", hint="see examples/stft/README.md, Published data sets"
        ) from error
