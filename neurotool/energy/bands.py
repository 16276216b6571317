"""Low, nominal and high of a figure, by drawing every constant within its range."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from neurotool.chips import Constant

FloatArray = npt.NDArray[np.float64]

DRAWS = 2000
PERCENTILES = (5.0, 95.0)


@dataclass(frozen=True)
class Band:
    """A figure in SI units with its range: 5th to 95th percentile of the draws, and never narrower than a floor."""

    low: float
    nominal: float
    high: float

    def __add__(self, other: Band) -> Band:
        """Add end to end, as if both erred the same way: never too narrow."""
        return Band(self.low + other.low, self.nominal + other.nominal, self.high + other.high)

    def to_json(self) -> dict[str, float]:
        """Return the band as plain JSON values."""
        return {"low": self.low, "nominal": self.nominal, "high": self.high}


ZERO = Band(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Floor:
    """Narrowest band that may be claimed: ``nominal * below`` to ``nominal * above``."""

    below: float
    above: float

    @classmethod
    def relative(cls, half_width: float) -> Floor:
        """Plus or minus a share of the nominal value."""
        return cls(1.0 - half_width, 1.0 + half_width)

    @classmethod
    def factor(cls, factor: float) -> Floor:
        """A factor in either direction."""
        return cls(1.0 / factor, factor)


@dataclass(frozen=True)
class Draws:
    """Draws of constants. The same constant is drawn alike wherever it is used.

    A constant is log-uniform between its low and high values, or uniform where low is zero.

    Attributes:
        seed: Seed of all draws.
    """

    seed: int = 0

    @cached_property
    def _kept(self) -> dict[str, FloatArray]:
        return {}

    def of(self, name: str, constant: Constant) -> FloatArray:
        """Values of a constant in SI units, ``[1 + draws]``; the first is the nominal one.

        Args:
            name: Name that stands for the constant everywhere, such as ``loihi1.message``.
            constant: The constant.
        """
        if name not in self._kept:
            rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
            share = rng.random(DRAWS)
            if constant.low > 0.0:
                drawn = constant.low * (constant.high / constant.low) ** share
            else:
                drawn = constant.high * share
            self._kept[name] = np.concatenate([[constant.value], drawn]) * constant.factor
        return self._kept[name]


def band(values: FloatArray, floor: Floor) -> Band:
    """Summarise draws as a band.

    Args:
        values: The figure for every draw, ``[1 + draws]``, nominal first.
        floor: Narrowest band to claim.
    """
    nominal = float(values[0])
    low, high = np.percentile(values[1:], PERCENTILES)
    return Band(min(float(low), nominal * floor.below), nominal, max(float(high), nominal * floor.above))
