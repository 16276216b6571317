"""The description of a processor that runs dense parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from neurotool.chips.constant import (
    ByteRate,
    Constant,
    EnergyPerByte,
    EnergyPerOperation,
    Number,
    OperationRate,
    Power,
    Time,
)


class Device(BaseModel):
    """A GPU or CPU.

    Attributes:
        kind: ``device``.
        name: Name it is asked for by.
        title: Name for people.
        type: ``gpu`` or ``cpu``.
        peak: Peak arithmetic rate per number format.
        operation_energy: Energy of one floating-point operation on top of idle and active power, per number format.
        bandwidth: Peak memory bandwidth.
        byte_energy: Energy of moving a byte to or from memory.
        compute_efficiency: Share of the peak rate that a kernel reaches when arithmetic limits it.
        bandwidth_efficiency: Share of the bandwidth that a kernel reaches when memory limits it.
        launch: Shortest time of a kernel.
        idle: Power when nothing runs.
        active_floor: What is added as soon as anything runs.
        rating: Thermal design power.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["device"]
    name: str
    title: str
    type: Literal["gpu", "cpu"]
    peak: Mapping[str, OperationRate]
    operation_energy: Mapping[str, EnergyPerOperation]
    bandwidth: ByteRate
    byte_energy: EnergyPerByte
    compute_efficiency: Number
    bandwidth_efficiency: Number
    launch: Time
    idle: Power
    active_floor: Power
    rating: Power

    def constants(self, precision: str) -> dict[str, Constant]:
        """Constants of the analytic model for one number format, by name."""
        return {
            "peak": self.peak[precision],
            "operation_energy": self.operation_energy[precision],
            "bandwidth": self.bandwidth,
            "byte_energy": self.byte_energy,
            "compute_efficiency": self.compute_efficiency,
            "bandwidth_efficiency": self.bandwidth_efficiency,
            "launch": self.launch,
            "idle": self.idle,
            "active_floor": self.active_floor,
        }
