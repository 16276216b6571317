"""Runs a model batch by batch, the dense parts of one batch while the spiking parts of the next one run.

Each batch goes through the parts in order. The chip side and the dense side take one part at a time each, so that two
batches are under way and memory stays bounded by them. When a batch fails, or the run is interrupted, the batches
after it stop before their next part.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock
from typing import TypeVar

from neurotool.ir.adapters import Array
from neurotool.ir.partition import Side
from neurotool.ir.trace import Trace
from neurotool.runtime.schedule import Execution

Result = TypeVar("Result")

IN_FLIGHT = 2
"""Batches under way at once: one on each side."""

BEFORE_ALL = -1
"""Number before that of the first batch."""


class StoppedError(Exception):
    """A batch was given up because an earlier one failed or the run was interrupted. It never leaves this module."""


class Limit:
    """The last batch that may begin another part; there is no limit as long as all goes well.

    Batches before one that fails go on, so that the error of a run is the one it would meet batch after batch.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: float = math.inf

    def lower(self, last: int) -> None:
        """Let no batch after the last one begin a part."""
        with self._lock:
            self._last = min(self._last, last)

    @contextmanager
    def held(self, batch: int) -> Iterator[None]:
        """Work on a batch; if this fails, no later batch begins a part.

        Raises:
            StoppedError: The batch may not begin.
        """
        if batch > self._last:
            raise StoppedError
        try:
            yield
        except BaseException:
            self.lower(batch)
            raise


class Turn:
    """Lets batches onto one side, one at a time and the earlier batch first."""

    def __init__(self) -> None:
        self._free = Condition()
        self._waiting: set[int] = set()
        self._busy = False

    def run(self, batch: int, work: Callable[[], Result]) -> Result:
        """Do work of a batch when it is its turn."""
        with self._free:
            self._waiting.add(batch)
            self._free.wait_for(lambda: not self._busy and batch == min(self._waiting))
            self._waiting.remove(batch)
            self._busy = True
        try:
            return work()
        finally:
            with self._free:
                self._busy = False
                self._free.notify_all()


@dataclass(frozen=True, eq=False)
class Sides:
    """The two sides, each with its own turn, and the last batch that may begin a part on them."""

    turns: Mapping[Side, Turn] = field(default_factory=lambda: {side: Turn() for side in Side})
    limit: Limit = field(default_factory=Limit)

    def spiking(self, batch: int, run: Callable[[str, Mapping[str, Array]], Trace]) -> Callable[..., Trace]:
        """Make a spiking runner wait for its turn."""
        return lambda name, values: self._run(Side.SPIKING, batch, lambda: run(name, values))

    def dense(
        self, batch: int, run: Callable[[str, Sequence[Array]], tuple[Array, ...]]
    ) -> Callable[..., tuple[Array, ...]]:
        """Make a dense runner wait for its turn."""
        return lambda name, values: self._run(Side.DENSE, batch, lambda: run(name, values))

    def _run(self, side: Side, batch: int, work: Callable[[], Result]) -> Result:
        def within_limit() -> Result:
            # Inside the turn: whoever waits for it hears of a failure before it can begin.
            with self.limit.held(batch):
                return work()

        return self.turns[side].run(batch, within_limit)


def pipelined(run_batch: Callable[[int, Sides], Execution], batches: int) -> Iterator[Execution]:
    """Run batches and yield what they made, in order.

    Args:
        run_batch: Runs the batch of a number with runners that wait for their turn.
        batches: Number of batches.

    Raises:
        Exception: Whatever the earliest batch that fails raises, after those before it. The batches after it are not
            started; one that is under way beside it stops before its next part, and so do both when the caller is
            interrupted.
    """
    sides, running = Sides(), deque[Future[Execution]]()

    def run(number: int) -> Execution:
        with sides.limit.held(number):
            return run_batch(number, sides)

    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="batch") as pool:
        try:
            for number in range(batches):
                running.append(pool.submit(run, number))
                if len(running) == IN_FLIGHT:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            sides.limit.lower(BEFORE_ALL)
            for left in running:
                left.cancel()
