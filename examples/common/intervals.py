"""Means, and paired differences, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A mean with its two-sided confidence interval.

    Attributes:
        mean: The mean.
        low: Lower end.
        high: Upper end.
        count: Number of values behind it.
    """

    mean: float
    low: float
    high: float
    count: int

    def text(self, unit: float = 100.0, *, sign: bool = False) -> str:
        """``31.2 [29.8, 32.6]`` in multiples of ``1/unit``; of one value the mean alone. Differences take a sign."""
        form = "{:+.1f}" if sign else "{:.1f}"
        mean, low, high = (form.format(unit * value) for value in (self.mean, self.low, self.high))
        return f"{mean} [{low}, {high}]" if self.count > 1 else mean


def interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Student's t interval of the mean, without a width where there is one value only.

    Args:
        values: Independent values, such as one per split.
        level: Confidence level.
    """
    array = np.asarray(values, np.float64)
    mean = float(array.mean())
    if len(array) < 2:
        return Interval(mean, mean, mean, len(array))
    half = float(stats.t.ppf((1 + level) / 2, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)))
    return Interval(mean, mean - half, mean + half, len(array))


def paired(values: Sequence[float], baseline: Sequence[float], level: float = 0.95) -> Interval:
    """Interval of the mean difference of values that belong together pair by pair.

    Args:
        values: One value per split.
        baseline: The value of the same splits, in the same order, that they are compared with.
        level: Confidence level.
    """
    differences = np.asarray(values, np.float64) - np.asarray(baseline, np.float64)
    return interval(differences.tolist(), level)
