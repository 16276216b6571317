"""Durations of several pieces of work, taken in turns.

Other processes disturb a machine for a while at a time. Work that is timed in turns is disturbed alike, so that ratios
of one round are worth more than times of different minutes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]

BLOCK_SECONDS = 0.02
"""Shorter work is repeated for this long in every round, and its mean taken."""

FEWEST_ROUNDS = 3


@dataclass(frozen=True)
class Durations:
    """Seconds of every round by name; round k of one name was followed at once by round k of the next."""

    rounds: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        """Median duration in seconds."""
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, reference: str) -> float:
        """Median over the rounds of how many times longer ``name`` takes than ``reference``."""
        pairs = zip(self.rounds[name], self.rounds[reference], strict=True)
        return statistics.median(long / short for long, short in pairs)

    def fastest(self, names: list[str]) -> str:
        """The name with the shortest median."""
        return min(names, key=self.median)


def in_turns(works: Mapping[str, Work], rounds: int = 7, seconds: float = 20.0) -> Durations:
    """Time every piece of work in every round.

    Args:
        works: What to time, by name. Each runs once beforehand, which compiles it and touches its memory.
        rounds: Number of rounds.
        seconds: Time after which no further round begins, once there have been three.
    """
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    deadline = time.perf_counter() + seconds
    for number in range(rounds):
        if number >= FEWEST_ROUNDS and time.perf_counter() > deadline:
            break
        for name, work in works.items():
            taken[name].append(_mean(work))
    return Durations(taken)


def _mean(work: Work) -> float:
    began, runs = time.perf_counter(), 0
    while True:
        work()
        runs += 1
        elapsed = time.perf_counter() - began
        if elapsed >= BLOCK_SECONDS:
            return elapsed / runs
