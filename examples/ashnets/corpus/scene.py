"""What is in a picture: two to four things in the cells of a 3 x 3 grid, and a lid that may hide a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLOURS = ("red", "green", "blue", "yellow", "purple")
SHAPES = ("circle", "square", "triangle", "cross")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
KINDS = (*SHAPES, *DIGITS)
GRID = 3
FEWEST, MOST = 2, 4
LID_SHARE = 0.5
"""Share of the scenes with a lid, below which anything may be."""


@dataclass(frozen=True)
class Thing:
    """A coloured shape or handwritten digit.

    Attributes:
        kind: One of ``KINDS``.
        colour: One of ``COLOURS``.
        row: Cell from the top.
        column: Cell from the left.
    """

    kind: str
    colour: str
    row: int
    column: int

    @property
    def name(self) -> str:
        """As sentences call it: ``red circle``."""
        return f"{self.colour} {self.kind}"

    @property
    def is_digit(self) -> bool:
        """Whether it is a handwritten digit."""
        return self.kind in DIGITS


@dataclass(frozen=True)
class Scene:
    """Things in cells of their own, no two with the same name.

    Attributes:
        things: From top left to bottom right.
        lid: Cell of a grey lid, (row, column), or None.
    """

    things: tuple[Thing, ...]
    lid: tuple[int, int] | None

    @property
    def names(self) -> frozenset[str]:
        """Names of its things. Scenes of different splits never share this set."""
        return frozenset(thing.name for thing in self.things)


def draw_scene(rng: np.random.Generator) -> Scene:
    """Draw a scene; shapes and digits are equally likely."""
    count = int(rng.integers(FEWEST, MOST + 1))
    lidded = bool(rng.random() < LID_SHARE)
    cells = sorted(rng.choice(GRID * GRID, count + lidded, replace=False).tolist())
    lid = cells.pop(int(rng.integers(len(cells)))) if lidded else None
    names: set[str] = set()
    things = []
    for cell in cells:
        while True:
            kinds = SHAPES if rng.random() < 0.5 else DIGITS
            thing = Thing(str(rng.choice(kinds)), str(rng.choice(COLOURS)), *divmod(cell, GRID))
            if thing.name not in names:
                break
        names.add(thing.name)
        things.append(thing)
    return Scene(tuple(things), None if lid is None else (lid // GRID, lid % GRID))
