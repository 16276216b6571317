"""Spreads independent slices of a compiled loop or product over the cores.

Threads of our own rather than numba's: its default threading layer aborts the process when two Python threads meet in
it, and its OpenMP layer does so in every forked child. Nor those of BLAS, which wait for each other in a busy loop and
lose whole time slices of the scheduler wherever something else runs as well.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

import numpy as np  # noqa: F401  # its BLAS must be there for the controller to find it
from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

WORTH_A_THREAD = 1 << 18
"""Units of work (a neuron's step, 16 synaptic operations: half a nanosecond or so) that pay for waking a thread."""

PARTS_PER_CORE = 4
"""More than one, so that a thread whose core also serves somebody else leaves parts to the others."""


class SingleThreadedBlas:
    """Gives BLAS one thread from the first of several overlapping runs to the last, and then as many as before."""

    def __init__(self) -> None:
        self._libraries = ThreadpoolController()
        self._lock = threading.Lock()
        self._runs = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._runs:
                self._limit = self._libraries.limit(limits=1, user_api="blas")
            self._runs += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._runs -= 1
            if not self._runs:
                self._limit.restore_original_limits()


BLAS = SingleThreadedBlas()


def usable_cores() -> int:
    """Number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """One thread per core, started when first needed and ended with the run. BLAS has one thread meanwhile."""

    def __init__(self) -> None:
        self.count = usable_cores()
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="loihi")

    def __enter__(self) -> Workers:
        BLAS.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        BLAS.__exit__(kind, error, trace)

    def parts(self, length: int, work: int, multiple: int = 1) -> list[tuple[int, int]]:
        """Cut ``range(length)`` into parts, or leave it whole where there is too little to do.

        Args:
            length: Number of items.
            work: Units of work in all of them.
            multiple: Parts begin at multiples of it.
        """
        most = self.count * PARTS_PER_CORE if self.count > 1 else 1
        wanted = max(1, min(most, work // WORTH_A_THREAD))
        size = -(-length // (wanted * multiple)) * multiple
        return [(first, min(first + size, length)) for first in range(0, length, size)]

    def run(self, task: Callable[..., Result], parts: Sequence[tuple[int, ...]]) -> list[Result]:
        """Call ``task(*part)`` for every part, in this thread if there is only one."""
        if len(parts) == 1:
            return [task(*parts[0])]
        return [future.result() for future in [self._pool.submit(task, *part) for part in parts]]
