"""Draws scenes: 36 x 36 pixels in colour, things at jittered places, handwriting from scikit-learn's digits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .scene import DIGITS, GRID, Scene, Thing

FloatArray = npt.NDArray[np.float32]

CELL = 12
SIZE = GRID * CELL
PAPER, LID = 0.92, 0.45
NOISE = 0.03
INKS = {
    "red": (0.85, 0.1, 0.1),
    "green": (0.1, 0.6, 0.15),
    "blue": (0.1, 0.2, 0.85),
    "yellow": (0.85, 0.7, 0.0),
    "purple": (0.55, 0.1, 0.65),
}


class Handwriting:
    """Handwritten digits of one split; no image is in two splits.

    Args:
        images: Ink 0..1, ``[image, 8, 8]``.
        labels: Digits 0..9, ``[image]``.
    """

    def __init__(self, images: FloatArray, labels: npt.NDArray[np.int64]) -> None:
        self._images = {digit: images[labels == digit] for digit in range(len(DIGITS))}

    def draw(self, kind: str, rng: np.random.Generator) -> FloatArray:
        """Choose an image of a digit by its word."""
        images = self._images[DIGITS.index(kind)]
        return np.asarray(images[rng.integers(len(images))])


def render(scene: Scene, handwriting: Handwriting, rng: np.random.Generator) -> FloatArray:
    """Draw a scene.

    Args:
        scene: What to draw.
        handwriting: Where digits come from.
        rng: Draws places within the cells, sizes, handwriting and noise.

    Returns:
        Colours 0..1, ``[3, SIZE, SIZE]``.
    """
    picture = np.full((3, SIZE, SIZE), PAPER, np.float32)
    for thing in scene.things:
        ink = handwriting.draw(thing.kind, rng) if thing.is_digit else _shape(thing, rng)
        top, left = (int(rng.integers(0, CELL - side + 1)) for side in ink.shape)
        area = picture[:, thing.row * CELL + top :, thing.column * CELL + left :][:, : ink.shape[0], : ink.shape[1]]
        area += ink * (np.array(INKS[thing.colour], np.float32)[:, None, None] - area)
    if scene.lid is not None:
        top, left = (place * CELL for place in scene.lid)
        picture[:, top + 1 : top + CELL - 1, left + 1 : left + CELL - 1] = LID
    noisy = picture + rng.normal(0.0, NOISE, picture.shape).astype(np.float32)
    return np.clip(noisy, 0.0, 1.0)


def _shape(thing: Thing, rng: np.random.Generator) -> FloatArray:
    """Ink of a shape, 0 or 1, 7 to 10 pixels wide."""
    size = int(rng.integers(7, 11))
    axis = np.linspace(-1.0, 1.0, size)
    y, x = axis[:, None], axis[None, :]
    match thing.kind:
        case "circle":
            inside = x**2 + y**2 <= 1.0
        case "square":
            inside = np.ones((size, size), bool)
        case "triangle":
            inside = np.abs(x) <= (y + 1.0) / 2.0
        case _:
            inside = (np.abs(x) <= 0.3) | (np.abs(y) <= 0.3)
    return inside.astype(np.float32)
