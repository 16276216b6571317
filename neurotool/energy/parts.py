"""Energy of a part and of its layers: plain data with every figure's band, kind, arithmetic and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from neurotool.energy.bands import Band
from neurotool.energy.lines import Kind, Term


@dataclass(frozen=True)
class Arithmetic:
    """One product behind a figure: ``count`` times ``value`` is the nominal energy.

    Attributes:
        term: What it was spent for.
        what: What was counted.
        count: Amount per inference.
        count_unit: Its unit.
        constant: Name of the constant.
        value: Nominal value in ``unit``.
        low: Smallest credible value.
        high: Largest credible value.
        unit: Unit of the constant.
        basis: What the constant rests on.
        citation: Its source.
        date: When the source was published.
        energy: The product in joules.
    """

    term: Term
    what: str
    count: float
    count_unit: str
    constant: str
    value: float
    low: float
    high: float
    unit: str
    basis: str
    citation: str
    date: str
    energy: Band

    def text(self) -> str:
        """The product as one line for people."""
        return (
            f"{self.what}: {self.count:.6g} {self.count_unit} x {self.value:g} {self.unit} "
            f"[{self.low:g}..{self.high:g}, {self.basis}] = {self.energy.nominal:.4g} J  ({self.citation}, {self.date})"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the product as plain JSON values."""
        plain = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "energy"}
        return plain | {"term": self.term.value, "energy_J": self.energy.to_json(), "text": self.text()}


@dataclass(frozen=True)
class EnergyRow:
    """Energy per inference of one layer, or of what a chip or device spends as a whole.

    Attributes:
        part: Part of the model.
        name: Input port or population; ``chip`` for what belongs to no layer; the part itself where it is dense.
        terms: Joules per term.
        total: Joules.
        kind: How the total was come by.
        arithmetic: The products it is the sum of.
    """

    part: str
    name: str
    terms: Mapping[Term, Band]
    total: Band
    kind: Kind
    arithmetic: tuple[Arithmetic, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain JSON values."""
        return {
            "part": self.part,
            "name": self.name,
            "energy_J": terms_json(self.terms, self.total),
            "kind": self.kind.value,
            "arithmetic": [product.to_json() for product in self.arithmetic],
        }


@dataclass(frozen=True)
class PartEnergy:
    """Energy and latency of one part on its chip or device, per inference.

    Attributes:
        part: Name of the part.
        where: Name of the chip or device.
        latency: Seconds until the result of an inference is there, by cause, and in total.
        terms: Joules per term.
        standing: The static term in two: ``chips powered`` with all cores gated, and ``cores powered``.
        dynamic: Joules by definition of "dynamic" (:mod:`neurotool.energy.dynamic`).
        total: Joules.
        power: Nominal average power in watts.
        kind: How the total was come by.
        latency_kind: How the latency was come by.
        rows: Per layer.
    """

    part: str
    where: str
    latency: Mapping[str, Band]
    terms: Mapping[Term, Band]
    standing: Mapping[str, Band]
    dynamic: Mapping[str, Band]
    total: Band
    power: float
    kind: Kind
    latency_kind: Kind
    rows: tuple[EnergyRow, ...]

    @property
    def seconds(self) -> Band:
        """Latency in total."""
        return self.latency["total"]

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON values."""
        return {
            "part": self.part,
            "where": self.where,
            "energy_J": terms_json(self.terms, self.total),
            "static_J": {what: band.to_json() for what, band in self.standing.items()},
            "dynamic_J": {name: band.to_json() for name, band in self.dynamic.items()},
            "kind": self.kind.value,
            "latency_s": {cause: band.to_json() for cause, band in self.latency.items()},
            "latency_kind": self.latency_kind.value,
            "power_W": self.power,
            "rows": [row.to_json() for row in self.rows],
        }


def terms_json(terms: Mapping[Term, Band], total: Band) -> dict[str, Any]:
    """Joules per term and in total as plain JSON values."""
    return {term.value: band.to_json() for term, band in terms.items()} | {"total": total.to_json()}
