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


def chain(number, sides, spiking, dense):
    """Run a batch whose parts only note that they ran."""

    def run_spiking(_, values):
        spiking(number)
        return trace(values)

    def run_dense(_, values):
        dense(number)
        return (values[0],)

    return execute(STEPS, {"x": np.array([number])}, sides.spiking(number, run_spiking), sides.dense(number, run_dense))


def nothing(_):
    """A part without a side effect."""


@pytest.mark.parametrize("where", ["before its parts", "in its dense part"])
def test_a_batch_that_fails_ends_the_run(where):
    begun, ended, failed = [], [], threading.Event()

    def fail(number):
        if number == 2:
            failed.set()
            raise ValueError("batch 2")

    def run(number, sides):
        begun.append(number)
        if where == "before its parts":
            fail(number)
        done = chain(number, sides, nothing, fail)
        ended.append(number)
        return done

    with pytest.raises(ValueError, match="batch 2"):
        list(pipelined(run, 50))
    assert failed.is_set()
    assert max(begun) <= 3  # at most the one beside it
    assert set(ended) - {3} == {0, 1}  # 3 may have ended before 2 began


def test_the_batch_beside_one_that_fails_stops_before_its_next_part():
    beside, ran = threading.Event(), []

    def spiking(number):
        ran.append(("spiking", number))
        if number == 1:
            beside.set()

    def dense(number):
        ran.append(("dense", number))
        assert beside.wait(20)
        raise ValueError("batch 0")

    with pytest.raises(ValueError, match="batch 0"):
        list(pipelined(lambda number, sides: chain(number, sides, spiking, dense), 50))
    assert ran == [("spiking", 0), ("dense", 0), ("spiking", 1)]


def test_the_error_is_that_of_the_earliest_batch_that_fails():
    later = threading.Event()

    def spiking(number):
        if number == 1:
            later.set()
            raise ValueError("batch 1")

    def dense(number):
        assert later.wait(20)
        raise ValueError(f"batch {number}")

    with pytest.raises(ValueError, match="batch 0"):
        list(pipelined(lambda number, sides: chain(number, sides, spiking, dense), 3))


def test_an_interrupt_ends_the_batches_under_way_at_their_next_part():
    both, go_on, ran = threading.Event(), threading.Event(), []

    def spiking(number):
        ran.append(("spiking", number))
        if number == 1:
            both.set()
            assert go_on.wait(20)

    made = pipelined(lambda number, sides: chain(number, sides, spiking, lambda n: ran.append(("dense", n))), 50)
    next(made)
    assert both.wait(20)
    threading.Timer(0.2, go_on.set).start()
    with pytest.raises(KeyboardInterrupt):
        made.throw(KeyboardInterrupt)
    assert [one for one in ran if one[1] >= 1] == [("spiking", 1)]
