"""How far a value is off at a boundary: it is the value that crosses that is compared."""

from __future__ import annotations

import numpy as np
import pytest

from neurotool.ir.coding import Coding
from neurotool.ir.graph import ValueKind
from neurotool.ir.partition import Boundary
from neurotool.pipeline.verification.boundary_checks import checked
from neurotool.runtime.schedule import Crossing, Execution

STEPS = 4
FLOAT = np.array([[[1, 0]], [[0, 0]], [[1, 1]], [[0, 1]]], bool)  # [time, batch, neuron]
LATER = np.roll(FLOAT, 1, axis=0)


def off(coding: Coding, value: np.ndarray, weights: tuple[float, ...] = ()) -> float | None:
    boundary = Boundary("n", "spiking-0", "dense-0", (2,), ValueKind.SPIKES, True, coding, STEPS, weights=weights)
    crossings = (Crossing(boundary, 0.0, 0.0, 1),)
    runs = {
        name: Execution(values={"n": raster}, traces={}, crossings=crossings)
        for name, raster in (("float", FLOAT), ("loihi", value))
    }
    (found,) = checked(runs)
    return found.difference


def test_spikes_at_other_moments_are_the_same_counts():
    assert off(Coding.COUNTS, LATER) == 0.0
    assert off(Coding.RASTER, LATER) > 0.5


def test_a_spike_more_is_a_count_more():
    more = FLOAT.copy()
    more[1, 0, 0] = True  # counts 3 and 2 where the float reference has 2 and 2
    assert off(Coding.COUNTS, more) == pytest.approx(np.sqrt(1 / 2) / 2)


def test_weighted_sums_are_compared_as_such():
    weights = (1.0, 2.0, 3.0, 4.0)  # 4 and 7; a step later 1 * 0 + 2 + 4 = 6 and 1 + 4 = 5
    assert off(Coding.WEIGHTED, LATER, weights) == pytest.approx(np.sqrt((4 + 4) / 2) / np.sqrt((16 + 49) / 2))
