"""Which range of weights the mantissas cover: all of it, or less of it more finely."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.errors import UsageError
from neurotool.passes.quantise import integers
from neurotool.passes.quantise.layer import Layer, Synapses

HALVINGS = 4
"""An exponent is lowered at most so often by the search: beyond, most weights of any usual layer are cut off."""

SCALES_PER_OCTAVE = 8
"""Scales of a population that the search tries; a factor of two more is the same with other exponents."""


class RangeRule(StrEnum):
    """How the range is chosen."""

    MAX = "max"
    PERCENTILE = "percentile"
    MSE = "mse"


@dataclass(frozen=True)
class WeightRange:
    """A choice of range.

    Attributes:
        rule: ``max`` covers the largest weight, ``percentile`` all but the largest few, and ``mse`` is searched for the
            smallest mean squared error of what the synapses deliver.
        percentile: Share of the weights that is covered, in percent; with the rule of this name only.
    """

    rule: RangeRule = RangeRule.MAX
    percentile: float = 100.0

    def __str__(self) -> str:
        """As the command line writes it."""
        return f"{self.rule}={self.percentile:g}" if self.rule is RangeRule.PERCENTILE else str(self.rule)

    @classmethod
    def parse(cls, text: str) -> WeightRange:
        """Read ``max``, ``mse`` or ``percentile=99.9``.

        Raises:
            UsageError: It is none of them.
        """
        name, equals, value = text.partition("=")
        if name in (RangeRule.MAX, RangeRule.MSE) and not equals:
            return cls(RangeRule(name))
        try:
            percentile = float(value)
        except ValueError:
            percentile = math.nan
        if name != RangeRule.PERCENTILE or not 0.0 < percentile <= 100.0:
            raise UsageError(f"--scale-from: {text!r} is no range", hint="write max, mse, or such as percentile=99.9")
        return cls(RangeRule.PERCENTILE, percentile)


@dataclass(frozen=True)
class Fit:
    """How the weights of a population meet their mantissas, up to a power of two common to all.

    Attributes:
        finest: Units of activation per float unit at exponent 0 of the projection that reaches furthest.
        reach: Float weight of one unit of the mantissa, for each projection with weights, where it uses all of it.
    """

    finest: float
    reach: Mapping[str, float]


Bits = Callable[[Synapses], int]


def fit(layer: Layer, bits: Bits, wanted: WeightRange, power: Mapping[str, float], share: float | None) -> Fit:
    """Find how the weights of a population meet their mantissas.

    Args:
        layer: The population.
        bits: Width of the weights of some synapses.
        wanted: The choice of range.
        power: Mean square of what each source sends; sources that are not named count as 1.
        share: Share of the mantissa that the furthest reach uses, between a half and one: the other projections have
            powers of two between them and it, so that it decides how much of their mantissas they use. None to take
            all of it, or with the rule ``mse`` to search for it too.
    """
    synapses = [s for s in layer.synapses if np.any(s.weights)]
    full = {s.name: _reach(s, bits(s), wanted) for s in synapses}
    if wanted.rule is not RangeRule.MSE:
        return Fit((share or 1.0) / max(full.values(), default=1.0), full)
    shares = [2.0 ** (-i / SCALES_PER_OCTAVE) for i in range(SCALES_PER_OCTAVE)] if share is None else [share]
    tried = [_searched(synapses, bits, full, power, s) for s in shares]
    return min(tried, key=lambda found: found[0])[1]


def exponent_of(reach: float) -> int:
    """Smallest exponent at which weights that reach ``reach`` times the largest mantissa fit it."""
    # The largest weight of the population hits a power of two exactly; rounding must not push it to the next one.
    return math.ceil(math.log2(reach) - 1e-9)


def _reach(synapses: Synapses, bits: int, wanted: WeightRange) -> float:
    largest = integers.largest_mantissa(min(bits, 8), integers.sign_mode(synapses.weights))
    # What a second synapse beside each refines is never cut off.
    if wanted.rule is RangeRule.PERCENTILE and bits <= 8:
        size = np.abs(synapses.weights)
        return float(np.percentile(size[size > 0.0], wanted.percentile, method="lower")) / largest
    return max(float(synapses.weights.max()), -float(synapses.weights.min())) / largest


def _searched(
    synapses: list[Synapses], bits: Bits, full: Mapping[str, float], power: Mapping[str, float], share: float
) -> tuple[float, Fit]:
    """The best ranges at one scale of the population, and the error that they leave."""
    finest = share / max(full.values(), default=1.0)
    error, reach = 0.0, dict(full)
    for s in synapses:
        if bits(s) > 8:
            continue
        errors = [_error(s, finest / 2.0 ** (exponent_of(finest * full[s.name]) - i), bits(s)) for i in range(HALVINGS)]
        best = int(np.argmin(errors))
        reach[s.name] = full[s.name] / 2.0**best
        error += errors[best] * power.get(s.source, 1.0)
    return error, Fit(finest, reach)


def _error(synapses: Synapses, units: float, bits: int) -> float:
    """Squared error of the weights in floats, where a float unit is so many units of the mantissa."""
    scaled: Float64Array = synapses.weights * units
    held = integers.weights(scaled, bits, integers.sign_mode(synapses.weights))
    return float(np.square((held - scaled) / units).sum())
