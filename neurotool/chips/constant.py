"""One number of a chip or device: value, range, unit, and where it comes from."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

UNITS: dict[str, tuple[str, float]] = {
    "J": ("energy", 1.0),
    "mJ": ("energy", 1e-3),
    "uJ": ("energy", 1e-6),
    "nJ": ("energy", 1e-9),
    "pJ": ("energy", 1e-12),
    "s": ("time", 1.0),
    "ms": ("time", 1e-3),
    "us": ("time", 1e-6),
    "ns": ("time", 1e-9),
    "W": ("power", 1.0),
    "mW": ("power", 1e-3),
    "1": ("number", 1.0),
    "nJ/FLOP": ("energy per operation", 1e-9),
    "pJ/FLOP": ("energy per operation", 1e-12),
    "nJ/B": ("energy per byte", 1e-9),
    "pJ/B": ("energy per byte", 1e-12),
    "GFLOP/s": ("operations per second", 1e9),
    "TFLOP/s": ("operations per second", 1e12),
    "GB/s": ("bytes per second", 1e9),
    "TB/s": ("bytes per second", 1e12),
}
"""Every unit a data file may use: its dimension, and its size in SI units."""


class Basis(StrEnum):
    """What a number rests on, from the strongest to the weakest."""

    SILICON = "silicon"  # measured on the chip
    FIT = "fit"  # a regression over measurements of whole workloads
    SIMULATION = "simulation"  # circuit simulation before the chip existed
    INHERITED = "inherited"  # taken over from another chip or scaled by a vendor's claim
    ASSUMED = "assumed"  # a judgement, with its reasoning in the citation


class Sourced(BaseModel):
    """Anything that must say where it comes from.

    Attributes:
        basis: What it rests on.
        citation: The source, or the reasoning of an assumption.
        date: When the source was published, as a year or ISO date.
        note: What a reader should know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    basis: Basis
    citation: str
    date: Annotated[str, BeforeValidator(str), Field(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$")]
    note: str = ""

    @field_validator("citation")
    @classmethod
    def _names_a_source(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("an entry without a source is refused")
        return text.strip()


class Constant(Sourced):
    """A cost with its range.

    Attributes:
        value: Nominal value, in ``unit``.
        low: Smallest credible value.
        high: Largest credible value.
        unit: One of ``UNITS``.
        voltage: Supply voltage of the figure in volts, where the source says it.
    """

    value: float = Field(ge=0, allow_inf_nan=False)
    low: float = Field(ge=0, allow_inf_nan=False)
    high: float = Field(ge=0, allow_inf_nan=False)
    unit: Annotated[str, BeforeValidator(str)]
    voltage: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.unit not in UNITS:
            raise ValueError(f"unknown unit {self.unit!r}; use one of {', '.join(UNITS)}")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"low <= value <= high is broken: {self.low:g}, {self.value:g}, {self.high:g}")
        return self

    @property
    def dimension(self) -> str:
        """Physical dimension of the unit."""
        return UNITS[self.unit][0]

    @property
    def factor(self) -> float:
        """Size of the unit in SI units."""
        return UNITS[self.unit][1]

    @property
    def si(self) -> float:
        """Nominal value in SI units."""
        return self.value * self.factor


def _of(dimension: str) -> AfterValidator:
    def check(constant: Constant) -> Constant:
        if constant.dimension != dimension:
            raise ValueError(f"unit {constant.unit!r} is a unit of {constant.dimension}, not of {dimension}")
        return constant

    return AfterValidator(check)


Energy = Annotated[Constant, _of("energy")]
Time = Annotated[Constant, _of("time")]
Power = Annotated[Constant, _of("power")]
Number = Annotated[Constant, _of("number")]
EnergyPerOperation = Annotated[Constant, _of("energy per operation")]
EnergyPerByte = Annotated[Constant, _of("energy per byte")]
OperationRate = Annotated[Constant, _of("operations per second")]
ByteRate = Annotated[Constant, _of("bytes per second")]
