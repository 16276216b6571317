"""Integers over a range, for the many values of a program that a search need not choose one by one.

Uniform numbers alone test little: over 17 bits almost all thresholds are out of reach, the ends never occur, and no sum
ever meets the limit of a register exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurotool.arrays import Int64Array

Extents = int | tuple[int, ...]

END_SHARE = 0.08
"""Share of the values at either end of the range; half as many lie next to it."""


@dataclass(frozen=True)
class Numbers:
    """Draws the numbers of one program.

    Attributes:
        rng: Generator to draw with.
        powers: Whether weights and payloads are powers of two, whose products meet the limits of registers exactly.
    """

    rng: np.random.Generator
    powers: bool = False

    def factors(self, low: int, high: int, shape: Extents) -> Int64Array:
        """Draw weights or payloads from ``low`` to ``high``."""
        if not self.powers:
            return self.integers(low, high, shape)
        return np.clip(self._signs(1 << self._bits(low, high, shape), low), low, high)

    def integers(self, low: int, high: int, shape: Extents) -> Int64Array:
        """Draw integers from ``low`` to ``high``: some at the ends, some uniform, some of every order of magnitude.

        Half of the arrays are small throughout, so that sums can meet a threshold exactly and fine states are seen.
        """
        if self.rng.random() < 0.5:
            return self._near_zero(low, high, shape, most=int(self._bits(low, high, 1)[0]))
        uniform = self.rng.integers(low, high + 1, shape)
        near_zero = self._near_zero(low, high, shape)
        near_high = np.maximum(high - abs(self._near_zero(0, high - low, shape)), low)
        kind = self.rng.random(shape)
        return self._with_ends(np.select([kind < 0.4, kind < 0.75], [uniform, near_zero], near_high), low, high)

    def integer(self, low: int, high: int) -> int:
        """Draw one integer as :meth:`integers` does."""
        return int(self.integers(low, high, 1)[0])

    def _bits(self, low: int, high: int, shape: Extents) -> Int64Array:
        """Draw numbers of bits, from none to all of a magnitude in a range."""
        return self.rng.integers(0, max(abs(low), abs(high)).bit_length() + 1, shape)

    def _signs(self, magnitudes: Int64Array, low: int) -> Int64Array:
        return magnitudes * self.rng.choice([-1, 1], magnitudes.shape) if low < 0 else magnitudes

    def _near_zero(self, low: int, high: int, shape: Extents, most: int = 64) -> Int64Array:
        """Draw integers of which every number of bits up to ``most`` is as likely as any other."""
        magnitudes = self.rng.integers(0, 1 << np.minimum(self._bits(low, high, shape), most))
        return np.clip(self._signs(magnitudes, low), low, high)

    def _with_ends(self, values: Int64Array, low: int, high: int) -> Int64Array:
        ends = [low, high, min(low + 1, high), max(high - 1, low)]
        limits = np.cumsum([END_SHARE, END_SHARE, END_SHARE / 2, END_SHARE / 2])
        chance = self.rng.random(values.shape)
        return np.select([chance < limit for limit in limits], ends, values)
