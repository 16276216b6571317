"""Batches run beside each other: in order, one at a time on each side, and both sides at once."""

import threading

import numpy as np
import pytest

from neurotool.ir.coding import Coding
from neurotool.ir.partition import Boundary, Side
from neurotool.ir.trace import Trace
from neurotool.ir.values import ValueKind
from neurotool.runtime.batches import IN_FLIGHT, pipelined
from neurotool.runtime.schedule import Step, execute


def crossing(value, target):
    return Boundary(value, "", target, (), ValueKind.FLOAT, True, Coding.TENSOR)


STEPS = [
    Step("spiking-0", Side.SPIKING, (crossing("x", "spiking-0"),), ("s",)),
    Step("dense-0", Side.DENSE, (crossing("s", "dense-0"),), ("d",)),
]


def trace(values):
    return Trace("t", 1e-3, 1, {}, {}, {"s": values["x"] + 1}, {}, 0.0)


def test_what_batches_make_comes_in_their_order():
    def run(number, sides):
        spiking = sides.spiking(number, lambda _, values: trace(values))
        return execute(STEPS, {"x": np.array([number])}, spiking, sides.dense(number, lambda _, v: (v[0] * 10,)))

    assert [done.values["d"].tolist() for done in pipelined(run, 7)] == [[10 * (n + 1)] for n in range(7)]


def test_torch_works_on_a_batch_while_the_chip_side_works_on_the_next():
    both = threading.Barrier(2, timeout=20)

    def run(number, sides):
        def spiking(_, values):
            if number == 1:
                both.wait()  # passes only while the dense part of batch 0 runs
            return trace(values)

        def dense(_, values):
            if number == 0:
                both.wait()
            return (values[0],)

        return execute(STEPS, {"x": np.array([number])}, sides.spiking(number, spiking), sides.dense(number, dense))

    assert [done.values["d"].tolist() for done in pipelined(run, 3)] == [[1], [2], [3]]
    assert not both.broken


def test_no_more_batches_are_under_way_than_sides():
    under_way, most, lock = 0, 0, threading.Lock()

    def run(number, sides):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        done = execute(
            STEPS, {"x": np.array([number])}, sides.spiking(number, lambda _, v: trace(v)), lambda _, v: (v[0],)
        )
        with lock:
            under_way -= 1
        return done

    assert len(list(pipelined(run, 20))) == 20
    assert most <= IN_FLIGHT


def test_a_batch_that_fails_ends_the_run():
    started = []

    def run(number, sides):
        started.append(number)
        if number == 2:
            raise ValueError("batch 2")
        return execute(
            STEPS, {"x": np.array([number])}, sides.spiking(number, lambda _, v: trace(v)), lambda _, v: (v[0],)
        )

    with pytest.raises(ValueError, match="batch 2"):
        list(pipelined(run, 50))
    assert max(started) < 2 + IN_FLIGHT
