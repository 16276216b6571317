"""What is known of a digit before anything is seen or heard: the phonemes of its name and the strokes of its shape.

The embedding of a number is composed of those of its digits, each in its place. A class that was never seen thus
consists of parts that were, which is what zero-shot learning needs.
"""

from __future__ import annotations

import numpy as np

from .task import FloatArray

WORDS: tuple[tuple[str, ...], ...] = (
    ("Z", "IH", "R", "OW"),
    ("W", "AH", "N"),
    ("T", "UW"),
    ("TH", "R", "IY"),
    ("F", "AO", "R"),
    ("F", "AY", "V"),
    ("S", "IH", "K", "S"),
    ("S", "EH", "V", "AH", "N"),
    ("EY", "T"),
    ("N", "AY", "N"),
)
"""Phonemes of the English digits zero to nine, in the notation of the CMU pronouncing dictionary."""

STROKES: tuple[tuple[str, ...], ...] = (
    ("ring",),
    ("upright",),
    ("upper arc left", "slant", "foot"),
    ("upper arc left", "lower arc left"),
    ("slant", "bar", "upright"),
    ("head", "short upright", "lower arc left"),
    ("long arc right", "lower ring"),
    ("head", "slant"),
    ("upper ring", "lower ring"),
    ("upper ring", "upright"),
)
"""Strokes of the handwritten digits zero to nine; an arc is named by the side to which it is open."""

TEXT_WIDTH = 300
"""Features of a class embedding, as in the word vectors of the published data sets."""

_PROJECTION_SEED = 300


def attributes(digit: int) -> FloatArray:
    """Phonemes in the onset and in the rest of the name, then strokes: 0 or 1 each."""
    word, strokes = WORDS[digit], STROKES[digit]
    phonemes = sorted({phoneme for other in WORDS for phoneme in other})
    shapes = sorted({stroke for other in STROKES for stroke in other})
    onset = [float(phoneme == word[0]) for phoneme in phonemes]
    rest = [float(phoneme in word[1:]) for phoneme in phonemes]
    return np.array([*onset, *rest, *(float(shape in strokes) for shape in shapes)], np.float32)


def number_texts(digits: int) -> FloatArray:
    """Embeddings of all numbers with so many digits, ``[10**digits, 300]``, of unit length.

    The attributes of each place stand side by side and are turned into 300 features by one fixed random projection, so
    that no single feature means a phoneme or a stroke, as in word vectors.
    """
    table = np.stack([attributes(digit) for digit in range(10)])
    places = [np.arange(10**digits) // 10**place % 10 for place in reversed(range(digits))]
    joined = np.concatenate([table[place] for place in places], axis=1)
    projection = np.random.default_rng(_PROJECTION_SEED).standard_normal((joined.shape[1], TEXT_WIDTH))
    texts = joined @ projection
    return np.asarray(texts / np.linalg.norm(texts, axis=1, keepdims=True), np.float32)
