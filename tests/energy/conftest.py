"""A program small enough to cost by hand."""

import numpy as np
import pytest

from neurotool.chips import load_chip
from neurotool.energy import SpikingWork
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.passes.place import place


def make_work(spikes=None, chip="loihi1"):
    """Three inputs, two neurons, two steps; input 1 has no synapse."""
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", (3,))},
        {"p": Population("p", "lif", (2,), {"bias_mant": np.zeros(2, np.int64)}, 1, 1.0)},
        {"w": Projection("w", "in", "p", np.array([[2, 0, 4], [6, 0, 0]]))},
        (OutputPort("p", OutputKind.SPIKES), OutputPort("p", OutputKind.MEMBRANE)),
    )
    default = {
        "in": np.array([[[1, 1, 0]], [[0, 0, 1]]], np.bool_),
        "p": np.array([[[0, 0]], [[1, 0]]], np.bool_),
    }
    rasters = spikes or default
    trace = Trace("loihi", 1e-3, len(rasters["in"]), rasters, {}, {}, {"p": 1}, 0.0)
    return SpikingWork("spiking-0", program, place(program, load_chip(chip)), trace)


@pytest.fixture
def work():
    return make_work()


@pytest.fixture
def work_with():
    return make_work
