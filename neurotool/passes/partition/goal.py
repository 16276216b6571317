"""What a cut is chosen by, and what it must keep."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.ir.costs import CutCost
from neurotool.passes.partition.problem import CORES, ENERGY, LATENCY, METRICS, metrics_of


class Objective(StrEnum):
    """What a cut is chosen by; ``CHIP`` puts everything on the chip that can run there."""

    CHIP = "chip"
    ENERGY = "energy"
    LATENCY = "latency"
    EDP = "edp"

    def figure(self, metrics: Float64Array) -> float:
        """The figure to make small."""
        if self is Objective.EDP:
            return float(metrics[ENERGY] * metrics[LATENCY])
        return float(metrics[LATENCY if self is Objective.LATENCY else ENERGY])


@dataclass(frozen=True)
class Limits:
    """What a cut must not exceed.

    Attributes:
        latency: Seconds, or infinity.
        cores: Cores of the chip, or infinity.
    """

    latency: float = np.inf
    cores: float = np.inf

    @property
    def array(self) -> Float64Array:
        """The limits by metric."""
        limits = np.full(len(METRICS), np.inf)
        limits[[LATENCY, CORES]] = self.latency, self.cores
        return limits

    def keeps(self, cost: CutCost) -> bool:
        """Whether a cost is within the limits."""
        return bool(np.all(metrics_of(cost) <= self.array))
