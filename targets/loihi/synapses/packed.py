"""Weights of a matrix in eight bits.

Whatever the sign mode, the weights that a chip holds take no more than 256 values at equal distances, so that one byte
and two constants hold each of them. Bytes lie in pairs, as the halves of 16-bit numbers, which are added as such: the
sum of all numbers and the sum of their upper bytes give those of both, exactly for up to :data:`ADDED` rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int16Array
from neurotool.targets.loihi.memory import aligned

ADDED = 256
"""Bytes whose sum 16 bits hold for certain."""

NARROW, WIDE = 32, 64
"""Pairs in a strip: one vector for few targets, two otherwise."""


class Packed(NamedTuple):
    """A matrix of weights, ``base + step * byte`` each, cut into strips of targets.

    Attributes:
        pairs: ``[strip, source, pair]``, 16 bits; the lower bytes are the first half of a strip's targets.
        base: Smallest weight.
        step: Distance of neighbouring weights.
        targets: Number of targets; the last strip may have room for more.
    """

    pairs: npt.NDArray[np.uint16]
    base: int
    step: int
    targets: int

    @classmethod
    def of(cls, weights: Int16Array) -> Packed:
        """Pack weights as a chip holds them, ``[source, target]``."""
        sources, targets = weights.shape
        base, top = int(weights.min(initial=0)), int(weights.max(initial=0))
        step = 1 if top - base < 256 else 2
        if top - base >= 256 * step or (step == 2 and ((weights - base) & 1).any()):
            raise ValueError(f"no chip holds weights from {base} to {top} in these steps")
        lanes = WIDE if targets > 2 * NARROW else NARROW
        strips = max(1, -(-targets // (2 * lanes)))
        pairs = aligned((strips, sources, lanes), np.uint16)
        for strip, held in enumerate(pairs):
            held[:] = 0
            for half in range(2):
                low = (2 * strip + half) * lanes
                part = weights[:, low : low + lanes]
                held[:, : part.shape[1]] |= ((part - base) // step).astype(np.uint16) << np.uint16(8 * half)
        return cls(pairs, base, step, targets)

    @property
    def arrays(self) -> tuple[npt.NDArray[np.uint16], int, int]:
        """Pairs, base and step: compiled loops take tuples with names a hundred times more slowly than arrays."""
        return self.pairs, self.base, self.step

    def unpacked(self) -> Int16Array:
        """Return the weights, ``[source, target]``."""
        strips, sources, lanes = self.pairs.shape
        weights = np.empty((sources, strips, 2, lanes), np.int16)
        for strip, held in enumerate(self.pairs):
            for half in range(2):
                weights[:, strip, half] = ((held >> (8 * half)) & 255).astype(np.int16) * self.step + self.base
        return weights.reshape(sources, -1)[:, : self.targets]

    @staticmethod
    def bytes_of(sources: int, targets: int) -> int:
        """Memory that a matrix takes."""
        lanes = WIDE if targets > 2 * NARROW else NARROW
        return 2 * sources * lanes * max(1, -(-targets // (2 * lanes)))
