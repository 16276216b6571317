"""From measured runs to the constants of a device: idle power, active floor, energy per operation and byte, launch.

Model: ``E = (idle + floor) * t + e_byte * bytes + e_flop * FLOP``. Idle power is measured alone and subtracted; the
rest is a least-squares fit without negative terms, each run weighted by its time, so that all count as powers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

import numpy as np
from scipy.optimize import nnls

from neurotool.errors import BackendFailedError


class Work(StrEnum):
    """What a run does."""

    IDLE = "idle"  # nothing, with the device ready
    LAUNCH = "launch"  # kernels that compute next to nothing
    COPY = "copy"  # memory to memory
    MULTIPLY = "multiply"  # products of square matrices


@dataclass(frozen=True)
class Sample:
    """One measured run.

    Attributes:
        work: What it did.
        size: Side of the matrices, or bytes of the copy.
        precision: Number format of the arithmetic; empty where there is none.
        seconds: Time.
        joules: Energy.
        kernels: Kernels started.
        flops: Floating-point operations.
        bytes: Bytes read and written.
    """

    work: Work
    size: int
    precision: str
    seconds: float
    joules: float
    kernels: int = 0
    flops: float = 0.0
    bytes: float = 0.0

    @property
    def watts(self) -> float:
        """Average power."""
        return self.joules / self.seconds


@dataclass(frozen=True)
class Range:
    """A constant over the repeats in SI units: its median, smallest and largest value."""

    low: float
    value: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Range:
        """Summarise the values of all repeats."""
        found = sorted(values)
        return cls(found[0], median(found), found[-1])

    @property
    def spread(self) -> float:
        """Largest less smallest value, as a share of the median."""
        return (self.high - self.low) / self.value if self.value else 0.0


@dataclass(frozen=True)
class Powers:
    """Constants of energy from one repeat.

    Attributes:
        idle: Watts when nothing runs.
        floor: Watts on top of it while anything runs.
        byte: Joules per byte.
        operation: Joules per operation, by number format.
    """

    idle: float
    floor: float
    byte: float
    operation: Mapping[str, float]


@dataclass(frozen=True)
class Fitted:
    """Constants of a device from all repeats; rates are the largest measured, efficiencies shares of those.

    Attributes:
        idle: Power when nothing runs.
        floor: Power on top of it while anything runs.
        byte: Energy per byte.
        operation: Energy per operation, by number format.
        launch: Time of a kernel that computes next to nothing.
        peak: Operations per second, by number format: the largest of any size.
        bandwidth: Bytes per second: the largest of any size.
        compute_efficiency: Share of the peak over all sizes and formats.
        bandwidth_efficiency: Share of the bandwidth over all sizes.
        drift: Largest relative difference of two measurements of idle power.
    """

    idle: Range
    floor: Range
    byte: Range
    operation: Mapping[str, Range]
    launch: Range
    peak: Mapping[str, Range]
    bandwidth: Range
    compute_efficiency: Range
    bandwidth_efficiency: Range
    drift: float


def fit_powers(samples: Sequence[Sample]) -> Powers:
    """Fit the constants of energy to the runs of one repeat.

    Args:
        samples: Runs, idle ones among them.

    Raises:
        BackendFailedError: There is no idle run or no other, or energy did not move in a run, an idle one included.
    """
    still = [s.joules / s.seconds for s in samples if s.work is Work.IDLE]
    ran = [s for s in samples if s.work is not Work.IDLE]
    stuck = [str(s.work) if s.work is Work.IDLE else f"{s.work} {s.size}" for s in samples if s.joules <= 0.0]
    if not still or not ran or stuck:
        what = f"no energy was seen in {', '.join(stuck)}" if stuck else "idle or working runs are missing"
        raise BackendFailedError(f"the measurement cannot be used: {what}", hint="measure longer: --seconds")
    idle = sum(still) / len(still)
    formats = sorted({s.precision for s in ran if s.flops > 0})
    rows = [[1.0, s.bytes / s.seconds, *(s.flops / s.seconds * (s.precision == f) for f in formats)] for s in ran]
    matrix = np.array(rows)
    scale = np.maximum(matrix.max(axis=0), np.finfo(float).tiny)
    found = nnls(matrix / scale, np.array([s.watts - idle for s in ran]))[0] / scale
    floor, byte, *operation = (float(value) for value in found)
    return Powers(idle, floor, byte, dict(zip(formats, operation, strict=True)))


def fit(repeats: Sequence[Sequence[Sample]]) -> Fitted:
    """Fit the constants to every repeat alone, and report their median and range.

    Args:
        repeats: The same runs, measured again and again.

    Raises:
        BackendFailedError: As for :func:`fit_powers`.
    """
    powers = [fit_powers(samples) for samples in repeats]
    ran = [sample for samples in repeats for sample in samples]
    still = [s.watts for s in ran if s.work is Work.IDLE]
    computed = {name: _rates(s for s in ran if s.precision == name) for name in powers[0].operation}
    peaks = {name: max(rates) for name, rates in computed.items()}
    moved = [s.bytes / s.seconds for s in ran if s.work is Work.COPY]
    return Fitted(
        idle=Range.of(p.idle for p in powers),
        floor=Range.of(p.floor for p in powers),
        byte=Range.of(p.byte for p in powers),
        operation={name: Range.of(p.operation[name] for p in powers) for name in powers[0].operation},
        launch=Range.of(s.seconds / s.kernels for s in ran if s.work is Work.LAUNCH),
        peak={name: Range(peak, peak, peak) for name, peak in peaks.items()},
        bandwidth=Range(max(moved), max(moved), max(moved)),
        compute_efficiency=Range.of(rate / peaks[name] for name, rates in computed.items() for rate in rates),
        bandwidth_efficiency=Range.of(rate / max(moved) for rate in moved),
        drift=(max(still) - min(still)) / median(still),
    )


def _rates(samples: Iterable[Sample]) -> list[float]:
    return [s.flops / s.seconds for s in samples if s.flops > 0]
