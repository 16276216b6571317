"""What a user may choose about the rounding of a part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from neurotool.passes.quantise.scale import Scale
from neurotool.passes.quantise.weight_range import Bits, WeightRange
from neurotool.passes.quantise.widths import Widths


@dataclass(frozen=True)
class Settings:
    """Choices of the quantiser.

    Attributes:
        widths: Width of the weights, by layer.
        weight_range: Which range of weights the mantissas cover.
        shares: Share of the mantissa that the furthest reach of a population uses, by population, in (0.5, 1]; all of
            it, or what the range rule finds, where not named.
        headroom: Share of the calibrated range of the potential that must fit 24 bits, by population; beyond, it
            saturates. With some to spare where not named.
        scales: Scales that are given, by population; nothing is chosen there.
    """

    widths: Widths = field(default_factory=Widths)
    weight_range: WeightRange = field(default_factory=WeightRange)
    shares: Mapping[str, float] = field(default_factory=dict)
    headroom: Mapping[str, float] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)

    def bits(self, population: str) -> Bits:
        """Width of the weights of some synapses that end at a population."""
        return partial(self.widths.of, population=population)
