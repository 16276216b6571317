"""Low, nominal and high of a figure, by drawing every constant within its range."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.chips import Constant

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


class Values(Protocol):
    """Values of the constants to price with, several at once."""

    @property
    def columns(self) -> int:
        """How many values each constant has; the first is the nominal one."""

    def of(self, name: str, constant: Constant) -> Float64Array:
        """Values of a constant in SI units, ``[columns]``.

        Args:
            name: Name that stands for the constant everywhere, such as ``loihi1.message``.
            constant: The constant.
        """


@dataclass(frozen=True)
class Draws:
    """Draws of constants. The same constant is drawn alike wherever it is used.

    A constant is log-uniform between its low and high values, or uniform where low is zero.

    Attributes:
        seed: Seed of all draws.
    """

    seed: int = 0

    @property
    def columns(self) -> int:
        """The nominal value and the draws."""
        return 1 + DRAWS

    @cached_property
    def _kept(self) -> dict[str, Float64Array]:
        return {}

    def of(self, name: str, constant: Constant) -> Float64Array:
        """Values of a constant in SI units, ``[1 + draws]``; the first is the nominal one."""
        if name not in self._kept:
            rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
            share = rng.random(DRAWS)
            if constant.low > 0.0:
                drawn = constant.low * (constant.high / constant.low) ** share
            else:
                drawn = constant.high * share
            self._kept[name] = np.concatenate([[constant.value], drawn]) * constant.factor
        return self._kept[name]


@dataclass(frozen=True)
class Extremes:
    """Every constant at its low and at its high value while all others stay nominal.

    Attributes:
        names: The constants to move. Column 0 is nominal; columns 1 + 2 i and 2 + 2 i hold constant i low and high.
    """

    names: Sequence[str]

    @property
    def columns(self) -> int:
        """The nominal value and two for every constant."""
        return 1 + 2 * len(self.names)

    def of(self, name: str, constant: Constant) -> Float64Array:
        """Values of a constant in SI units, ``[columns]``."""
        values = np.full(self.columns, constant.value)
        if name in self.names:
            first = 1 + 2 * self.names.index(name)
            values[first : first + 2] = constant.low, constant.high
        return values * constant.factor


def band(values: Float64Array, floor: Floor) -> Band:
    """Summarise draws as a band.

    Args:
        values: The figure for every draw, ``[1 + draws]``, nominal first. A single value stands for all draws.
        floor: Narrowest band to claim.
    """
    nominal = float(values[0])
    if values.size == 1:
        return Band(nominal * floor.below, nominal, nominal * floor.above)
    low, high = np.percentile(values[1:], PERCENTILES)
    return Band(min(float(low), nominal * floor.below), nominal, max(float(high), nominal * floor.above))
