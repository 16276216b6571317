"""Spreads independent slices of a compiled loop or product over the cores.

Threads of our own rather than numba's: its default threading layer aborts the process when two Python threads meet in
it, and its OpenMP layer does so in every forked child. Nor those of BLAS, which wait for each other in a busy loop and
lose whole time slices of the scheduler wherever something else runs as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

import numpy as np  # noqa: F401  # its BLAS must be there for the controller to find it
from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

WORTH_A_THREAD = 1 << 18
"""Units of work (a neuron's step, 16 synaptic operations: half a nanosecond or so) that pay for waking a thread."""


_LIBRARIES = ThreadpoolController()


def usable_cores() -> int:
    """Number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """One thread per core, started when first needed and ended with the run. BLAS has one thread meanwhile."""

    def __init__(self) -> None:
        self.count = usable_cores()
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="loihi")

    def __enter__(self) -> Workers:
        self._limit = _LIBRARIES.limit(limits=1, user_api="blas")
        self._limit.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limit.__exit__(kind, error, trace)
        self._pool.shutdown(cancel_futures=True)

    def parts(self, length: int, work: int, multiple: int = 1) -> list[tuple[int, int]]:
        """Cut ``range(length)`` into at most one part per core.

        Args:
            length: Number of items.
            work: Units of work in all of them; too little is not cut at all.
            multiple: Parts begin at multiples of it.
        """
        wanted = max(1, min(self.count, work // WORTH_A_THREAD))
        size = -(-length // (wanted * multiple)) * multiple
        return [(first, min(first + size, length)) for first in range(0, length, size)]

    def run(self, task: Callable[..., Result], parts: Sequence[tuple[int, ...]]) -> list[Result]:
        """Call ``task(*part)`` for every part, in this thread if there is only one."""
        if len(parts) == 1:
            return [task(*parts[0])]
        return [future.result() for future in [self._pool.submit(task, *part) for part in parts]]
