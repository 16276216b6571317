"""How a measurement goes: warm up, then idle and every piece of work in turn, each for a least time, several times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from neurotool.energy.measure.fit import Sample, Work
from neurotool.energy.measure.meters import Meter
from neurotool.errors import NeurotoolError

Progress = Callable[[int, int], None]
Done = TypeVar("Done")


@dataclass(frozen=True)
class Workload:
    """A piece of work that can be repeated.

    Attributes:
        work: What it does.
        size: Side of the matrices, or bytes of the copy.
        precision: Number format; empty where nothing is computed.
        kernels: Kernels in one call.
        flops: Floating-point operations in one call.
        bytes: Bytes read and written in one call.
        call: Starts one call; it may return before that is done.
    """

    work: Work
    size: int
    precision: str
    kernels: int
    flops: float
    bytes: float
    call: Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """How long and how often to measure.

    Attributes:
        seconds: Least time of every run: a counter that moves every 10 to 100 ms needs seconds.
        warm_up: Time of work before the first measurement, so that clocks and temperature settle.
        settle: Time of rest before idle power is measured.
        repeats: Times that everything is measured.
    """

    seconds: float = 3.0
    warm_up: float = 5.0
    settle: float = 2.0
    repeats: int = 5


CALLS_AT_ONCE = 64
"""Calls between two looks at the clock, at most."""


def measure(
    workloads: Sequence[Workload],
    meter: Meter,
    synchronise: Callable[[], None],
    plan: Plan,
    progress: Progress | None = None,
) -> list[list[Sample]]:
    """Measure all work several times.

    Args:
        workloads: The work, besides being idle.
        meter: Measures energy.
        synchronise: Returns when all work that was started is done.
        plan: How long and how often.
        progress: Told of runs done.

    Returns:
        The runs of every repeat; each begins and ends with an idle one, so that drift shows.

    Raises:
        BackendFailedError: The meter fails.
    """
    _work_for(workloads[-1], plan.warm_up, synchronise)
    total, done = plan.repeats * (len(workloads) + 2), 0
    repeats = []
    for _ in range(plan.repeats):
        samples = []
        for sample in _repeat(workloads, meter, synchronise, plan):
            samples.append(sample)
            done += 1
            if progress is not None:
                progress(done, total)
        repeats.append(samples)
    return repeats


def _repeat(
    workloads: Sequence[Workload], meter: Meter, synchronise: Callable[[], None], plan: Plan
) -> Iterator[Sample]:
    yield _idle(meter, plan)
    for workload in workloads:
        yield _run(workload, meter, synchronise, plan.seconds)
    yield _idle(meter, plan)


def _idle(meter: Meter, plan: Plan) -> Sample:
    time.sleep(plan.settle)
    _, spent, joules = _metered(meter, lambda: time.sleep(plan.seconds))
    return Sample(Work.IDLE, 0, "", spent, joules)


def _run(workload: Workload, meter: Meter, synchronise: Callable[[], None], seconds: float) -> Sample:
    _work_for(workload, seconds / 10, synchronise)
    calls, spent, joules = _metered(meter, lambda: _work_for(workload, seconds, synchronise))
    return Sample(
        workload.work, workload.size, workload.precision, spent, joules,
        calls * workload.kernels, calls * workload.flops, calls * workload.bytes,
    )  # fmt: skip


def _metered(meter: Meter, work: Callable[[], Done]) -> tuple[Done, float, float]:
    """Do some work; return what it gave, and the seconds and joules that it took."""
    began = time.perf_counter()
    meter.start()
    try:
        done = work()
    except BaseException:  # Ctrl-C too: a meter that samples must end, whatever ended the work
        with suppress(NeurotoolError):
            meter.stop()
        raise
    joules = meter.stop()
    return done, time.perf_counter() - began, joules


def _work_for(workload: Workload, seconds: float, synchronise: Callable[[], None]) -> int:
    """Repeat some work until a time is over, and return how often it was done."""
    began, calls, at_once = time.perf_counter(), 0, 1
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(at_once):
            workload.call()
        synchronise()
        calls += at_once
        # Few looks at the clock while calls are short, and none far beyond the end.
        each = (time.perf_counter() - began) / calls
        at_once = max(1, min(CALLS_AT_ONCE, ceil((seconds - spent) / max(each, 1e-9))))
    return calls
