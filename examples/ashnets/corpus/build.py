"""Puts the splits together. Neither a set of things nor a handwritten digit is in two splits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .render import FloatArray, Handwriting, render
from .scene import Scene, draw_scene
from .sentences import Claim, Question, caption, hypothesis, pair_statement, question

SPLITS = ("train", "validation", "test")
SHARES = (0.7, 0.1, 0.2)
"""Of the sets of things, and of the handwritten digits."""

MODULUS = 10_000


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures with sentences; entry i of every list is about picture i.

    Attributes:
        pictures: Colours 0..1, ``[picture, 3, SIZE, SIZE]``.
        scenes: What is in them.
        captions: A true description of each.
        questions: A question about each.
        claims: A hypothesis about each, with its entailment label.
        partners: Another picture for each.
        pairs: A statement about the picture (left) and its partner (right).
    """

    pictures: FloatArray
    scenes: tuple[Scene, ...]
    captions: tuple[str, ...]
    questions: tuple[Question, ...]
    claims: tuple[Claim, ...]
    partners: npt.NDArray[np.int64]
    pairs: tuple[Claim, ...]

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.scenes)


@dataclass(frozen=True, eq=False)
class Corpus:
    """The splits by name: ``train``, ``validation`` and ``test``."""

    splits: dict[str, Split]

    def __getitem__(self, name: str) -> Split:
        """Return a split."""
        return self.splits[name]


def build_corpus(train: int = 4000, validation: int = 500, test: int = 1000, seed: int = 0) -> Corpus:
    """Draw the corpus.

    Args:
        train: Pictures to train with.
        validation: Pictures to choose with.
        test: Pictures to report on.
        seed: The same seed gives the same corpus.
    """
    handwriting = _handwriting()
    sizes = dict(zip(SPLITS, (train, validation, test), strict=True))
    seeds = np.random.SeedSequence(seed).spawn(len(SPLITS))
    return Corpus(
        {
            name: _split(name, sizes[name], handwriting[name], np.random.default_rng(own))
            for name, own in zip(SPLITS, seeds, strict=True)
        }
    )


def split_of(scene: Scene) -> str:
    """Split that a set of things belongs to, whatever their places."""
    digest = hashlib.sha256("|".join(sorted(scene.names)).encode()).digest()
    place = int.from_bytes(digest[:8], "big") % MODULUS / MODULUS
    return SPLITS[int(np.searchsorted(np.cumsum(SHARES)[:-1], place, side="right"))]


def _handwriting() -> dict[str, Handwriting]:
    """Divide scikit-learn's digits (Alpaydin and Kaynak, UCI, 1998) among the splits, the same in every corpus."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    bounds = (np.cumsum(SHARES)[:-1] * len(labels)).astype(int)
    ink = (pixels / 16.0).astype(np.float32).reshape(-1, 8, 8)
    return {
        name: Handwriting(ink[chosen], labels[chosen])
        for name, chosen in zip(SPLITS, np.split(order, bounds), strict=True)
    }


def _split(name: str, size: int, handwriting: Handwriting, rng: np.random.Generator) -> Split:
    scenes: list[Scene] = []
    while len(scenes) < size:
        scene = draw_scene(rng)
        if split_of(scene) == name:
            scenes.append(scene)
    partners = _partners(scenes, rng)
    return Split(
        pictures=np.stack([render(scene, handwriting, rng) for scene in scenes]),
        scenes=tuple(scenes),
        captions=tuple(caption(scene) for scene in scenes),
        questions=tuple(question(scene, rng) for scene in scenes),
        claims=tuple(hypothesis(scene, rng) for scene in scenes),
        partners=partners,
        pairs=tuple(pair_statement(scene, scenes[i], rng) for scene, i in zip(scenes, partners, strict=True)),
    )


def _partners(scenes: list[Scene], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Choose a partner for each scene: one that shares a thing for half of them, any other for the rest."""
    by_name: dict[str, list[int]] = {}
    for i, scene in enumerate(scenes):
        for name in scene.names:
            by_name.setdefault(name, []).append(i)
    partners = []
    for i, scene in enumerate(scenes):
        sharing = [j for name in sorted(scene.names) for j in by_name[name] if j != i]
        alike = bool(sharing) and rng.random() < 0.5
        partners.append(
            sharing[rng.integers(len(sharing))] if alike else (i + rng.integers(1, len(scenes))) % len(scenes)
        )
    return np.array(partners, np.int64)
