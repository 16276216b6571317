"""The default corpus: what sentences say is so, and nothing leaks between splits."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurotool.examples.ashnets.corpus import Scene, Thing, build_corpus
from neurotool.examples.ashnets.corpus.build import split_of
from neurotool.examples.ashnets.corpus.render import SIZE
from neurotool.examples.ashnets.corpus.sentences import (
    ANSWERS,
    Entailment,
    caption,
    hypothesis,
    pair_statement,
    question,
    vocabulary,
)

CORPUS = build_corpus(train=300, validation=60, test=120, seed=3)
PLACES = {
    "left of": lambda a, b: a.column < b.column,
    "right of": lambda a, b: a.column > b.column,
    "above": lambda a, b: a.row < b.row,
    "below": lambda a, b: a.row > b.row,
}


def holds(scene: Scene, text: str) -> bool:
    """Whether "the red circle is above the blue two" is true, by reading it."""
    first, place, second = re.fullmatch(r"the (\w+ \w+) is (left of|right of|above|below) the (\w+ \w+)", text).groups()
    things = {thing.name: thing for thing in scene.things}
    return PLACES[place](things[first], things[second])


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_sentences_are_true_or_false_as_labelled(name):
    split = CORPUS[name]
    for scene, text, asked, claim in zip(split.scenes, split.captions, split.questions, split.claims, strict=True):
        assert text == " and ".join(f"a {thing.name}" for thing in scene.things)
        assert asked.answer in ANSWERS
        if asked.text.startswith("is it true that"):
            assert holds(scene, asked.text[16:-2]) == (asked.answer == "yes")
        elif asked.text.startswith("is there a"):
            assert (asked.text[11:-2] in scene.names) == (asked.answer == "yes")
        elif asked.text.startswith("what colour"):
            assert f"{asked.answer} {asked.text.split()[-2]}" in scene.names
        if claim.text.startswith("there is a"):
            unseen = Entailment.CONTRADICTION if scene.lid is None else Entailment.NEUTRAL
            assert claim.label == (Entailment.ENTAILMENT if claim.text[11:] in scene.names else unseen)
        else:
            assert claim.label == (Entailment.ENTAILMENT if holds(scene, claim.text) else Entailment.CONTRADICTION)


def test_statements_about_two_pictures_are_true_or_false_as_labelled():
    split = CORPUS["train"]
    for i, (left, claim) in enumerate(zip(split.scenes, split.pairs, strict=True)):
        right, name = split.scenes[split.partners[i]], claim.text.partition(" a ")[2]
        assert split.partners[i] != i
        if claim.text.startswith("both"):
            assert claim.label == (name in left.names and name in right.names)
        elif claim.text.startswith("only"):
            assert claim.label == (name in left.names and name not in right.names)
        else:
            more = len(left.things) - len(right.things)
            signs = {"more": more > 0, "as": more == 0, "fewer": more < 0}
            assert claim.label == signs[claim.text.split()[4]]


def test_no_set_of_things_and_no_picture_is_in_two_splits():
    sets = {name: {scene.names for scene in split.scenes} for name, split in CORPUS.splits.items()}
    assert not sets["train"] & sets["test"]
    assert not sets["train"] & sets["validation"]
    assert not sets["validation"] & sets["test"]
    scene = CORPUS["test"].scenes[0]
    moved = Scene(tuple(Thing(t.kind, t.colour, 2 - t.row, t.column) for t in reversed(scene.things)), None)
    assert split_of(moved) == "test"


def test_the_text_alone_tells_no_label():
    """Of two scenes with and without a lid, the same absent thing is undecided in one and contradicted in the other."""
    rng = np.random.default_rng(0)
    labels = {}
    for scene in CORPUS["train"].scenes:
        for _ in range(20):
            claim = hypothesis(scene, rng)
            labels.setdefault(claim.text, set()).add(claim.label)
    existence = [found for text, found in labels.items() if text.startswith("there is")]
    assert np.mean([len(found) == 3 for found in existence]) > 0.9


def test_pictures_show_things_and_lids():
    split = CORPUS["train"]
    assert split.pictures.shape == (300, 3, SIZE, SIZE)
    assert 0.0 <= split.pictures.min() <= split.pictures.max() <= 1.0
    for scene, picture in zip(split.scenes[:50], split.pictures, strict=False):
        cells = picture.reshape(3, 3, 12, 3, 12)
        inked = {(r, c) for r in range(3) for c in range(3) if cells[:, r, :, c].min() < 0.3}
        assert inked == {(thing.row, thing.column) for thing in scene.things}
        if scene.lid is not None:
            row, column = scene.lid
            assert abs(cells[:, row, 2:-2, column, 2:-2].mean() - 0.45) < 0.02


def test_the_same_seed_gives_the_same_corpus_and_all_words_are_known():
    again = build_corpus(train=300, validation=60, test=120, seed=3)
    np.testing.assert_array_equal(again["test"].pictures, CORPUS["test"].pictures)
    assert again["train"].captions == CORPUS["train"].captions
    words, rng = set(vocabulary()), np.random.default_rng(1)
    for scene, other in zip(CORPUS["test"].scenes, CORPUS["train"].scenes, strict=False):
        texts = caption(scene), question(scene, rng).text, hypothesis(scene, rng).text
        assert {w for t in (*texts, pair_statement(scene, other, rng).text) for w in t.split()} <= words
