"""The device file that measurements make: every constant with its range over the repeats, and how it was measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from neurotool.chips import Basis, Constant, Device
from neurotool.chips.constant import UNITS
from neurotool.energy.measure.fit import Fitted, Range


@dataclass(frozen=True)
class Source:
    """What stands behind measured constants.

    Attributes:
        title: The device.
        date: ISO date of the measurement.
        driver: Version of its driver; empty where there is none.
        software: What ran the work, with version.
        method: How energy was measured.
        seconds: Least time of a run.
        repeats: Number of repeats.
    """

    title: str
    date: str
    driver: str
    software: str
    method: str
    seconds: float
    repeats: int

    @property
    def citation(self) -> str:
        """One sentence for every constant."""
        driver = f"driver {self.driver}, " if self.driver else ""
        return (
            f"measured on {self.title}, {self.date}, {driver}{self.software}, {self.method}; median and range of "
            f"{self.repeats} repeats of {self.seconds:g} s"
        )


def device_of(
    fitted: Fitted, source: Source, kind: Literal["gpu", "cpu"], name: str | None, rating: tuple[float, str]
) -> Device:
    """Make a device of fitted constants.

    Args:
        fitted: The constants.
        source: What stands behind them.
        kind: ``gpu`` or ``cpu``.
        name: Name it is asked for by; None for one made of its title.
        rating: Watts it may draw, and where that is from.
    """

    def measured(found: Range, unit: str, note: str = "") -> Constant:
        factor = UNITS[unit][1]
        low, value, high = found.low / factor, found.value / factor, found.high / factor
        return Constant(value=value, low=low, high=high, unit=unit, basis=Basis.SILICON,
                        citation=source.citation, date=source.date, note=note)  # fmt: skip

    largest = "the largest rate of all sizes that were run"
    return Device(
        kind="device",
        name=name or re.sub(r"[^a-z0-9]+", "-", source.title.lower()).strip("-"),
        title=source.title,
        type=kind,
        peak={form: measured(rate, "GFLOP/s", largest) for form, rate in fitted.peak.items()},
        operation_energy={form: measured(energy, "pJ/FLOP") for form, energy in fitted.operation.items()},
        bandwidth=measured(fitted.bandwidth, "GB/s", largest),
        byte_energy=measured(fitted.byte, "pJ/B"),
        compute_efficiency=measured(fitted.compute_efficiency, "1", "share of the largest rate, over all sizes"),
        bandwidth_efficiency=measured(fitted.bandwidth_efficiency, "1", "share of the largest rate, over all sizes"),
        launch=measured(fitted.launch, "us"),
        idle=measured(fitted.idle, "W"),
        active_floor=measured(fitted.floor, "W"),
        rating=Constant(value=rating[0], low=rating[0], high=rating[0], unit="W", basis=Basis.SILICON,
                        citation=f"{rating[1]}, {source.title}", date=source.date),
    )  # fmt: skip
