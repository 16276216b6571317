"""Whole data sets: ranges for calibration, and outputs in batches."""

from __future__ import annotations

import numpy as np
import pytest
from float_graphs import K, chain, lif, linear, readout, sink, source

from neurotool.errors import UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.targets.gpu import TARGET


def network():
    first, second = linear("w", [[1.0, 0.5]]), linear("r", [[-2.0]])
    neurons, read = lif("n", 1, ku=0.5, leaky=False, threshold=1.0, reset=-4.0), readout("o", 1, leaky=False)
    return chain(source("x", (2,)), first, neurons, second, read, sink("out", (1,)))


def test_ranges_by_hand():
    """One sample, two steps of input (1, 1) and (0, 0)."""
    found = TARGET.calibrate(network(), {"x": np.array([[[1, 1]], [[0, 0]]])})
    # n: x 1.5, 0; u 1.5, 0.75; starts at -4: v -2.5, -1.75, no spike
    assert found["n"] == {"x": 1.5, "u": 1.5, "v": 2.5, "rate": 0.0}
    assert found["o"] == {"x": 0.0, "u": 0.0, "v": 0.0, "rate": 0.0}


def test_membrane_range_is_taken_before_the_reset():
    neurons = lif("n", 1, leaky=False, threshold=1.0, reset=0.0)
    model = chain(source("x", (1,), K.CURRENT), neurons, sink("out", (1,), K.SPIKES))
    found = TARGET.calibrate(model, {"x": np.array([[[7.0], [0.5]], [[0.0], [0.25]]])})
    assert found["n"] == {"x": 7.0, "u": 7.0, "v": 7.0, "rate": 0.25}


def test_batches_change_nothing_and_report_progress():
    rng = np.random.default_rng(0)
    x = rng.random((20, 10, 2)) < 0.6
    done: list[tuple[int, int]] = []
    model = network()
    whole = TARGET.run_graph(model, {"x": x}, RunOptions(probes=("u", "v")))
    ranges = TARGET.calibrate(model, {"x": x}, lambda *step: done.append(step), batch_size=4)
    assert done == [(4, 10), (8, 10), (10, 10)]
    assert ranges["n"]["rate"] == whole.spikes["n"].mean()
    assert ranges["n"]["u"] == np.abs(whole.states["n"]["u"]).max()
    assert ranges["o"]["v"] == np.abs(whole.states["o"]["v"]).max()
    outputs = TARGET.evaluate(model, {"x": x}, batch_size=3)
    assert np.array_equal(outputs["out"], whole.outputs["out"])


def test_states_that_are_not_finite_are_refused():
    model = chain(source("x", (1,), K.CURRENT), readout("o", 1, leaky=False), sink("out", (1,)))
    with pytest.raises(UsageError, match="population 'o': its states are not finite"):
        TARGET.calibrate(model, {"x": np.array([[[np.inf]]])})
