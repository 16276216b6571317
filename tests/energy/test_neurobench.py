"""Counts in NeuroBench's terms, by hand and against the counts that are priced."""

import numpy as np
import pytest

from neurotool.chips import load_chip
from neurotool.energy import count
from neurotool.energy.estimate import SpikingWork
from neurotool.energy.neurobench import footprint, neurobench, operations
from neurotool.energy.split import DenseWork
from neurotool.ir.costs import DenseCounts
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection
from neurotool.ir.trace import Trace

CHIP = load_chip("loihi2")


def test_metrics_by_hand(work):
    found = neurobench([work], [DenseWork("d", DenseCounts(60, 1, 1, 3))])
    # Two spikes of input 0 and 1 and one of input 2; inputs 0, 1, 2 have 2, 0 and 1 weights other than zero.
    assert found["SynapticOperations"] == {"Effective_MACs": 0, "Effective_ACs": 3.0, "Dense": 12.0}
    assert found["ConnectionSparsity"] == 3 / 6
    assert found["ActivationSparsity"] == 3 / 4
    # 6 weights of 8 bits; a bias for each of two neurons; current and potential of each.
    assert found["Footprint"] == 6 + 4 * (2 + 2 * 2)
    assert (found["steps"], found["samples"]) == (2, 1)
    assert found["dense_parts_MACs"] == {"d": 10}
    assert {"Footprint", "ConnectionSparsity", "ActivationSparsity", "SynapticOperations"} <= set(found["definitions"])


def convolution(message_bits, payloads):
    weights = np.array([[[[2, 0, 6]]]])
    projection = Projection(
        "w", "in", "p", weights, connectivity=Convolution(padding=(0, 1)), message_bits=message_bits
    )
    port = InputPort("in", (1, 4), message_bits=message_bits)
    program = ChipProgram(1e-3, {"in": port}, {"p": Population("p", "lif", (1, 4), {}, 1, 1.0)}, {"w": projection}, ())
    spikes = {"in": np.array(payloads).reshape(1, 1, 1, 4), "p": np.zeros((1, 1, 1, 4), np.bool_)}
    return program, projection, Trace("loihi", 1e-3, 1, spikes, {}, {}, {"p": 1}, 0.0)


def test_padding_is_no_operation_and_payloads_multiply():
    found = operations(*convolution(8, [3, 0, 0, 1]))
    # Of three taps the outer neurons meet two: 2 + 3 + 3 + 2.
    assert found.dense == 10
    # The left neuron meets the middle (zero) and the first weight; the right one the middle and the last.
    assert found.effective == 2
    assert not found.accumulates
    assert operations(*convolution(8, [1, 0, 0, -1])).accumulates
    assert operations(*convolution(0, [True, False, False, True])).accumulates


def test_effective_operations_are_the_counts_that_are_priced(work):
    from neurotool.passes.place import place

    program, _, trace = convolution(8, [3, 2, 0, 1])
    other = SpikingWork("c", program, place(program, CHIP), trace)
    for each in (work, other):
        chip = load_chip(each.placement.chip)
        counts = count(each.program, each.placement, each.trace, chip)
        for name, done in counts.synops.items():
            expected = done.dense.sum() + done.sparse.sum() + done.shared.sum()
            assert operations(each.program, each.program.projections[name], each.trace).effective == pytest.approx(
                expected
            )
    assert footprint(program) > 0
