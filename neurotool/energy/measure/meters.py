"""Energy of a stretch of time: the difference of a counter, or the integral of sampled power."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from neurotool.errors import BackendFailedError, NeurotoolError, reason


class Meter(Protocol):
    """Measures energy from :meth:`start` to :meth:`stop`."""

    @property
    def method(self) -> str:
        """How, for people."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> float:
        """End, and return the joules since the beginning."""


def _reading(read: Callable[[], float], method: str) -> float:
    """Read a sensor.

    Raises:
        BackendFailedError: It fails, in whatever way its driver does.
    """
    try:
        return read()
    except NeurotoolError:
        raise
    except Exception as error:
        raise BackendFailedError(
            f"the sensor cannot be read ({method}): {reason(error) or type(error).__name__}", hint="measure again"
        ) from error


class CounterMeter:
    """Difference of a counter of energy.

    Args:
        read: Reads the counter in joules.
        method: How, for people.
        wraps_at: Joules at which the counter begins at zero again; None where it does not.
    """

    def __init__(self, read: Callable[[], float], method: str, wraps_at: float | None = None) -> None:
        self.method = method
        self._read, self._wraps_at = read, wraps_at
        self._began = 0.0

    def start(self) -> None:
        """Begin.

        Raises:
            BackendFailedError: The counter cannot be read.
        """
        self._began = _reading(self._read, self.method)

    def stop(self) -> float:
        """End. A counter that began anew did so once: a window is much shorter than its range.

        Raises:
            BackendFailedError: The counter cannot be read, or went backwards.
        """
        joules = _reading(self._read, self.method) - self._began
        if joules < 0 and self._wraps_at is not None:
            joules += self._wraps_at
        if joules < 0:
            raise BackendFailedError("the counter of energy went backwards", hint="measure again")
        return joules


def trapezoid(seconds: Sequence[float], watts: Sequence[float]) -> float:
    """Integrate power over time by the trapezoidal rule, in joules.

    Raises:
        BackendFailedError: There are fewer than two samples.
    """
    if len(seconds) < 2:
        raise BackendFailedError("power was sampled less than twice", hint="measure longer: --seconds")
    pairs = zip(seconds, seconds[1:], watts, watts[1:], strict=False)
    return sum((later - now) * (a + b) / 2 for now, later, a, b in pairs)


class SampledMeter:
    """Integral of power that a thread samples. Weaker than a counter: what happens between two samples is not seen.

    Args:
        read: Reads power in watts.
        method: How, for people.
        period: Seconds between samples.
    """

    def __init__(self, read: Callable[[], float], method: str, period: float = 0.02) -> None:
        self.method = method
        self._read, self._period = read, period
        self._samples: list[tuple[float, float]] = []
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed: NeurotoolError | None = None

    def start(self) -> None:
        """Begin.

        Raises:
            BackendFailedError: Power cannot be read.
        """
        self._samples, self._ended, self._failed = [self._sample()], threading.Event(), None
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """End, and integrate.

        Raises:
            BackendFailedError: Power could not be read, now or at any time since the beginning: a line drawn over the
                gap would be no measurement.
        """
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._failed is not None:
            raise self._failed
        self._samples.append(self._sample())
        return trapezoid(*zip(*self._samples, strict=True))

    def _follow(self) -> None:
        try:
            while not self._ended.wait(self._period):
                self._samples.append(self._sample())
        except NeurotoolError as error:
            self._failed = error

    def _sample(self) -> tuple[float, float]:
        return time.perf_counter(), _reading(self._read, self.method)
