"""Which data set a run takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from .layout import Kind
from .numbers import NumbersOptions, numbers
from .task import Task


@dataclass(frozen=True)
class DataChoice:
    """A data set.

    Attributes:
        folder: Folder of a published data set, or None for the numbers.
        layout: ``avca-main``, ``avca-cls``, ``tcaf-main`` or ``tcaf-cls``; ignored for the numbers.
        legacy_text_order: See :func:`neurotool.examples.stft.data.words.class_texts`.
        split: Class split of the numbers.
        steps: Time steps of sequences.
        quick: A tenth of the samples, for the numbers.
    """

    folder: Path | None = None
    layout: str = "avca-main"
    legacy_text_order: bool = False
    split: int = 0
    steps: int = 10
    quick: bool = False


@lru_cache(maxsize=1)
def load_task(choice: DataChoice) -> Task:
    """Load or make the data. The last one is kept, since a study asks for the same one many times."""
    if choice.folder is None:
        options = NumbersOptions(split=choice.split, steps=choice.steps)
        return numbers(replace(options, train=6, seen=1, unseen=2) if choice.quick else options)
    kind: Kind = "main" if choice.layout.endswith("main") else "cls"
    if choice.layout.startswith("tcaf"):
        from .tcaf import load_tcaf

        return load_tcaf(choice.folder, kind, steps=choice.steps, legacy_text_order=choice.legacy_text_order)
    from .avca import load_avca

    return load_avca(choice.folder, kind, legacy_text_order=choice.legacy_text_order)
