"""What quantisation did to each population, for reports and bundles."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rounding:
    """Largest rounding of one parameter of a population.

    Attributes:
        parameter: ``weights of <projection>``, ``du``, ``dv``, ``vth`` or ``bias``.
        error: Largest absolute difference between the float value and the float meaning of the integer.
        span: Largest magnitude of the float value, to judge the error by.
    """

    parameter: str
    error: float
    span: float


@dataclass(frozen=True)
class Try:
    """A scale that was tried on calibration data.

    Attributes:
        share: Share of the mantissa that the furthest reach used.
        headroom: Share of the calibrated range of the potential that had to fit 24 bits.
        cosine: Agreement of the spikes with the float reference: mean cosine over the populations of the loop.
    """

    share: float
    headroom: float
    cosine: float


@dataclass(frozen=True)
class PopulationRecord:
    """How one population was scaled.

    Attributes:
        population: Its name.
        scale: Integer membrane units per float unit.
        weight_exp: Exponent of each projection into it.
        basis: ``proven`` if no input can leave the 24-bit range, else ``calibrated``.
        peak: Largest state magnitude expected, as a share of the 24-bit range.
        roundings: What was rounded, and by how much.
        weight_bits: Width of the weights of each projection.
        clipped: Share of the weights beyond the range of the mantissas, for each projection that has such.
        tries: Scales tried on calibration data; the best was taken. Empty where none was searched.
        rates: Share of the steps in which a neuron of a source was taken to send anything, for sources of which a shift
            to the right loses something that the bias gives back.
    """

    population: str
    scale: float
    weight_exp: dict[str, int]
    basis: str
    peak: float
    roundings: tuple[Rounding, ...]
    weight_bits: dict[str, int] = field(default_factory=dict)
    clipped: dict[str, float] = field(default_factory=dict)
    tries: tuple[Try, ...] = ()
    rates: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return asdict(self)
