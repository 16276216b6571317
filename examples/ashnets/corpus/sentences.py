"""True and false sentences about scenes: captions, questions, hypotheses, and statements about two pictures.

Every sentence is made of a small vocabulary, and its truth follows from the scene alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np

from .scene import COLOURS, DIGITS, SHAPES, Scene, Thing, draw_scene

NUMBERS = {2: "two", 3: "three", 4: "four"}
ANSWERS = ("yes", "no", *COLOURS, *SHAPES, *DIGITS)
"""Answers of the questions; counts are among the words for digits."""


class Entailment(IntEnum):
    """What a picture says of a sentence; the order of SNLI's labels."""

    ENTAILMENT = 0
    NEUTRAL = 1
    CONTRADICTION = 2


@dataclass(frozen=True)
class Question:
    """A question with its answer, a word of ``ANSWERS``."""

    text: str
    answer: str


@dataclass(frozen=True)
class Claim:
    """A sentence with its label: an ``Entailment``, or 0 (false) and 1 (true) for a statement about two pictures."""

    text: str
    label: int


def caption(scene: Scene) -> str:
    """Name all things, from top left to bottom right."""
    return " and ".join(f"a {thing.name}" for thing in scene.things)


def question(scene: Scene, rng: np.random.Generator) -> Question:
    """Ask one of: how many, what colour, what is coloured so, is there, is it left of."""
    kind = rng.choice(["count", "colour", "kind", "exists", "relation"])
    singles = _unambiguous(scene)
    if kind == "colour" and singles["kind"]:
        thing = _one(singles["kind"], rng)
        return Question(f"what colour is the {thing.kind} ?", thing.colour)
    if kind == "kind" and singles["colour"]:
        thing = _one(singles["colour"], rng)
        return Question(f"what is {thing.colour} ?", thing.kind)
    if kind == "exists":
        present = bool(rng.random() < 0.5)
        name = _one(scene.things, rng).name if present else _absent(scene, rng)
        return Question(f"is there a {name} ?", "yes" if present else "no")
    if kind == "relation":
        claim = _placed(scene, rng, true=bool(rng.random() < 0.5))
        return Question(f"is it true that {claim.text} ?", "yes" if claim.label else "no")
    return Question("how many things are there ?", NUMBERS[len(scene.things)])


def hypothesis(scene: Scene, rng: np.random.Generator) -> Claim:
    """Claim that something is there, or how two things lie.

    Something that is not in sight may be below the lid, if there is one: such a claim is neither true nor false. The
    sentence alone never tells the label.
    """
    if rng.random() < 0.5:
        claim = _placed(scene, rng, true=bool(rng.random() < 0.5))
        return Claim(claim.text, Entailment.ENTAILMENT if claim.label else Entailment.CONTRADICTION)
    unseen = Entailment.CONTRADICTION if scene.lid is None else Entailment.NEUTRAL
    if rng.random() < (0.5 if scene.lid is None else 0.2):
        return Claim(f"there is a {_one(scene.things, rng).name}", Entailment.ENTAILMENT)
    return Claim(f"there is a {_absent(scene, rng)}", unseen)


def pair_statement(left: Scene, right: Scene, rng: np.random.Generator) -> Claim:
    """State something about two pictures; it is true about half of the time."""
    wanted = int(rng.integers(2))
    claims = _pair_claims(left, right, rng)
    fitting = [claim for claim in claims if claim.label == wanted] or claims
    return fitting[int(rng.integers(len(fitting)))]


def _pair_claims(left: Scene, right: Scene, rng: np.random.Generator) -> list[Claim]:
    more = len(left.things) - len(right.things)
    claims = [
        Claim("the left picture has more things than the right one", int(more > 0)),
        Claim("the left picture has as many things as the right one", int(more == 0)),
        Claim("the left picture has fewer things than the right one", int(more < 0)),
    ]
    shown = sorted(left.names | right.names)
    for name in rng.choice(shown, min(3, len(shown)), replace=False):
        here, there = name in left.names, name in right.names
        claims.append(Claim(f"both pictures show a {name}", int(here and there)))
        claims.append(Claim(f"only the left picture shows a {name}", int(here and not there)))
    return claims


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """All words that sentences are made of, sorted."""
    rng = np.random.default_rng(0)
    words = {*COLOURS, *SHAPES, *DIGITS}
    for _ in range(2000):
        scene, other = draw_scene(rng), draw_scene(rng)
        texts = [caption(scene), question(scene, rng).text, hypothesis(scene, rng).text]
        words.update(word for text in (*texts, pair_statement(scene, other, rng).text) for word in text.split())
    return tuple(sorted(words))


def _placed(scene: Scene, rng: np.random.Generator, *, true: bool) -> Claim:
    first, second = _pair(scene, rng)
    # Said of the one to the other, a place is true; the other way round it is false.
    one, other = (first, second) if true else (second, first)
    return Claim(f"the {one.name} is {_lies(first, second, rng)} the {other.name}", int(true))


def _lies(first: Thing, second: Thing, rng: np.random.Generator) -> str:
    """Where the first lies as seen from the second; one of the two directions if both differ."""
    ways = []
    if first.column != second.column:
        ways.append("left of" if first.column < second.column else "right of")
    if first.row != second.row:
        ways.append("above" if first.row < second.row else "below")
    return ways[int(rng.integers(len(ways)))]


def _pair(scene: Scene, rng: np.random.Generator) -> tuple[Thing, Thing]:
    first, second = rng.choice(len(scene.things), 2, replace=False)
    return scene.things[first], scene.things[second]


def _one(things: tuple[Thing, ...] | list[Thing], rng: np.random.Generator) -> Thing:
    return things[int(rng.integers(len(things)))]


def _unambiguous(scene: Scene) -> dict[str, list[Thing]]:
    """Things that are the only one of their kind, and of their colour."""
    kinds = [thing.kind for thing in scene.things]
    colours = [thing.colour for thing in scene.things]
    return {
        "kind": [thing for thing in scene.things if kinds.count(thing.kind) == 1],
        "colour": [thing for thing in scene.things if colours.count(thing.colour) == 1],
    }


def _absent(scene: Scene, rng: np.random.Generator) -> str:
    """Name something that is not there but near: a thing of the scene in another colour, or of another kind."""
    while True:
        thing = _one(scene.things, rng)
        if rng.random() < 0.5:
            name = f"{rng.choice(COLOURS)} {thing.kind}"
        else:
            name = f"{thing.colour} {rng.choice(DIGITS if thing.is_digit else SHAPES)}"
        if name not in scene.names:
            return name
