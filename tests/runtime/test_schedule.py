"""Values cross the boundaries as their ports say, and parts run in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotool.errors import UsageError
from neurotool.ir.coding import Coding
from neurotool.ir.partition import Boundary, Side
from neurotool.ir.program import InputPort
from neurotool.ir.trace import Trace
from neurotool.ir.values import ValueKind
from neurotool.runtime.boundary import to_port, to_tensor
from neurotool.runtime.schedule import Step, execute

BINARY = InputPort("x", (3,))


def test_a_binary_port_takes_zeros_and_ones_of_any_type():
    raster = np.array([[[0, 1, 1]]], np.float32)
    assert to_port(raster, BINARY).tolist() == [[[False, True, True]]]
    assert to_port(raster.astype(bool), BINARY).dtype == np.bool_


def test_a_binary_port_refuses_other_values_with_a_way_out():
    with pytest.raises(UsageError, match="'x' takes binary spikes") as caught:
        to_port(np.array([[[0.0, 0.5, 1.0]]]), BINARY)
    assert "--encode" in caught.value.hint


def test_a_graded_port_rounds_to_the_nearest_payload_and_limits_its_width():
    port = InputPort("x", (4,), message_bits=4, scale=0.5)
    assert to_port(np.array([[[0.24, 0.26, -1.0, 99.0]]]), port).tolist() == [[[0, 1, -2, 7]]]


@given(st.lists(st.integers(-127, 127), min_size=1, max_size=9), st.floats(1e-6, 1e6))
def test_payloads_survive_the_way_through_floats(payloads, scale):
    port = InputPort("x", (len(payloads),), message_bits=8, scale=scale)
    values = (np.array([[payloads]]) * scale).astype(np.float32)
    assert to_port(values, port).tolist() == [[payloads]]


def test_torch_gets_floats():
    assert to_tensor(np.array([True, False])).dtype == np.float32
    assert to_tensor(np.array([1.5])).dtype == np.float64


def test_parts_run_in_order_and_only_see_their_inputs():
    seen = []

    def spiking(name, inputs):
        seen.append((name, sorted(inputs)))
        made = {"lif": inputs["x"] + 1}
        return Trace("t", 1e-3, 1, {}, {}, made, {}, 0.0)

    def dense(name, inputs):
        seen.append((name, len(inputs)))
        return (inputs[0] * 10, inputs[0] * 100)

    entering = Boundary("x", "", "spiking-0", (), ValueKind.SPIKES, True, Coding.SPIKES)
    leaving = Boundary("lif", "spiking-0", "dense-0", (), ValueKind.SPIKES, True, Coding.COUNTS, steps=2)
    steps = [
        Step("spiking-0", Side.SPIKING, (entering,), ("lif",)),
        Step("dense-0", Side.DENSE, (leaving,), ("a", "b")),
    ]
    done = execute(steps, {"x": np.array([[1], [2]])}, spiking, dense)
    assert seen == [("spiking-0", ["x"]), ("dense-0", 1)]
    assert {k: v.tolist() for k, v in done.values.items()} == {
        "x": [[1], [2]],
        "lif": [[2], [3]],
        "a": [50],
        "b": [500],
    }
    assert done.delivered["lif", "dense-0"].tolist() == [5]
    assert list(done.traces) == ["spiking-0"]
