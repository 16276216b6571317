"""What this machine can do at most: matrix products, additions of rows of weights, and reading memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np
import numpy.typing as npt

from neurotool.targets.loihi.workers import usable_cores

STREAM_BYTES = 1 << 28
PRODUCT_ROWS = 2048
MEASURE_SECONDS = 0.3
FEWEST_RUNS = 5
EVENT_ADDITIONS = 1 << 23
"""Additions of one thread in a measurement of events: milliseconds, beside which starting it costs nothing."""


def shortest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of many runs: a limit is what the machine does when nothing disturbs it."""
    work()
    best, runs, deadline = float("inf"), 0, time.perf_counter() + MEASURE_SECONDS
    while runs < FEWEST_RUNS or time.perf_counter() < deadline:
        began = time.perf_counter()
        work()
        best, runs = min(best, time.perf_counter() - began), runs + 1
    return best


@cache
def bandwidth() -> float:
    """Bytes per second that all threads together read from an array that no cache holds."""
    parts = np.array_split(np.ones(STREAM_BYTES // 8, np.int64), usable_cores())
    with ThreadPoolExecutor(len(parts)) as pool:
        return STREAM_BYTES / shortest(lambda: list(pool.map(_read, parts)))


@cache
def product_rate(rows: int, sources: int, targets: int) -> float:
    """Multiply-and-adds per second of a float32 product ``[rows, sources] @ [sources, targets]``."""
    rows = min(rows, PRODUCT_ROWS)
    left, right = np.ones((rows, sources), np.float32), np.ones((sources, targets), np.float32)
    out = np.empty((rows, targets), np.float32)
    return rows * sources * targets / shortest(lambda: np.matmul(left, right, out=out))


@cache
def event_rate(sources: int, targets: int, active: int) -> float:
    """Weights per second that all threads add in 16 bits, when ``active`` of the sources spike in each row."""
    rng, threads = np.random.default_rng(0), usable_cores()
    weights = rng.integers(-128, 128, (sources, targets)).astype(np.int16)
    count = max(1, EVENT_ADDITIONS // (active * targets))
    rows = [np.sort(rng.integers(0, sources, (count, active))) for _ in range(threads)]
    totals = np.zeros((threads, count, targets), np.int16)
    with ThreadPoolExecutor(threads) as pool:
        seconds = shortest(lambda: list(pool.map(_add_rows, [weights] * threads, rows, totals)))
    return threads * count * active * targets / seconds


@numba.njit(nogil=True, cache=True)
def _read(array: npt.NDArray[np.int64]) -> int:
    total = 0
    for value in array:
        total += value
    return total


@numba.njit(nogil=True, cache=True)
def _add_rows(weights: npt.NDArray[np.int16], rows: npt.NDArray[np.int64], totals: npt.NDArray[np.int16]) -> None:
    part = np.empty(weights.shape[1], np.int16)
    for row in range(rows.shape[0]):
        part[:] = 0
        active = rows[row]
        eights, fours = active.size // 8 * 8, active.size // 4 * 4
        for i in range(0, eights, 8):  # eight at once: fewer loads and stores of the sum
            a, b, c, d = weights[active[i]], weights[active[i + 1]], weights[active[i + 2]], weights[active[i + 3]]
            e, f, g, h = weights[active[i + 4]], weights[active[i + 5]], weights[active[i + 6]], weights[active[i + 7]]
            for t in range(part.size):
                part[t] += a[t] + b[t] + c[t] + d[t] + e[t] + f[t] + g[t] + h[t]
        for i in range(eights, fours, 4):
            a, b, c, d = weights[active[i]], weights[active[i + 1]], weights[active[i + 2]], weights[active[i + 3]]
            for t in range(part.size):
                part[t] += a[t] + b[t] + c[t] + d[t]
        for i in range(fours, active.size):
            a = weights[active[i]]
            for t in range(part.size):
                part[t] += a[t]
        totals[row] = part
