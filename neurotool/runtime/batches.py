"""Runs a model batch by batch, the dense parts of one batch while the spiking parts of the next one run.

Each batch goes through the parts in order. The chip side and the dense side take one part at a time each, so that two
batches are under way and memory stays bounded by them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition
from typing import TypeVar

from neurotool.ir.adapters import Array
from neurotool.ir.partition import Side
from neurotool.ir.trace import Trace
from neurotool.runtime.schedule import Execution

Result = TypeVar("Result")

IN_FLIGHT = 2
"""Batches under way at once: one on each side."""


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
    """The two sides, each with its own turn."""

    turns: Mapping[Side, Turn] = field(default_factory=lambda: {side: Turn() for side in Side})

    def spiking(self, batch: int, run: Callable[[str, Mapping[str, Array]], Trace]) -> Callable[..., Trace]:
        """Make a spiking runner wait for its turn."""
        return lambda name, values: self.turns[Side.SPIKING].run(batch, lambda: run(name, values))

    def dense(
        self, batch: int, run: Callable[[str, Sequence[Array]], tuple[Array, ...]]
    ) -> Callable[..., tuple[Array, ...]]:
        """Make a dense runner wait for its turn."""
        return lambda name, values: self.turns[Side.DENSE].run(batch, lambda: run(name, values))


def pipelined(run_batch: Callable[[int, Sides], Execution], batches: int) -> Iterator[Execution]:
    """Run batches and yield what they made, in order.

    Args:
        run_batch: Runs the batch of a number with runners that wait for their turn.
        batches: Number of batches.

    Raises:
        Exception: Whatever a batch raises; those after it are not started.
    """
    sides, running = Sides(), deque[Future[Execution]]()
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="batch") as pool:
        try:
            for number in range(batches):
                running.append(pool.submit(run_batch, number, sides))
                if len(running) == IN_FLIGHT:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for left in running:
                left.cancel()
