"""The energy report: plain data with every figure's band, kind, arithmetic and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from neurotool.diagnostics import Diagnostic
from neurotool.energy.bands import DRAWS, PERCENTILES, ZERO, Band
from neurotool.energy.lines import Kind, Term

SCHEMA = "neurotool.energy/1"


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
            "energy_J": _terms_json(self.terms, self.total),
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
            "energy_J": _terms_json(self.terms, self.total),
            "kind": self.kind.value,
            "latency_s": {cause: band.to_json() for cause, band in self.latency.items()},
            "latency_kind": self.latency_kind.value,
            "power_W": self.power,
            "rows": [row.to_json() for row in self.rows],
        }


@dataclass(frozen=True)
class EnergyReport:
    """What one inference costs.

    Attributes:
        parts: Parts of the model as it was split.
        whole: The whole model run densely on the device, for comparison; None where it was not asked for.
        samples: Samples of the trace that counts are means of.
        activity: Class of evidence for the activity.
        seed: Seed of the draws.
        warnings: What looks wrong.
        notes: How to read the figures, one sentence each.
    """

    parts: tuple[PartEnergy, ...]
    whole: PartEnergy | None
    samples: int
    activity: str
    seed: int
    warnings: tuple[Diagnostic, ...]
    notes: tuple[str, ...]

    @property
    def terms(self) -> dict[Term, Band]:
        """Joules per term over all parts."""
        return {term: sum((part.terms[term] for part in self.parts), ZERO) for term in Term}

    @property
    def total(self) -> Band:
        """Joules over all parts."""
        return sum((part.total for part in self.parts), ZERO)

    @property
    def latency(self) -> Band:
        """Seconds, with one part after the other."""
        return sum((part.seconds for part in self.parts), ZERO)

    @property
    def kind(self) -> Kind:
        """Kind of the total: the weakest of its parts'."""
        return max((part.kind for part in self.parts), key=list(Kind).index, default=Kind.SIMULATED)

    def rows(self) -> tuple[EnergyRow, ...]:
        """All rows of the per-layer table."""
        return tuple(row for part in self.parts for row in part.rows)

    def explain(self, layer: str) -> tuple[str, ...]:
        """The arithmetic of the rows of that name, one line per product; empty if there is none."""
        return tuple(product.text() for row in self.rows() if row.name == layer for product in row.arithmetic)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values; energies in joules, times in seconds."""
        return {
            "schema": SCHEMA,
            "energy_J": _terms_json(self.terms, self.total),
            "kind": self.kind.value,
            "latency_s": self.latency.to_json(),
            "parts": [part.to_json() for part in self.parts],
            "whole_model_dense": None if self.whole is None else self.whole.to_json(),
            "activity": {"evidence": self.activity, "samples": self.samples},
            "band": {"draws": DRAWS, "seed": self.seed, "percentiles": list(PERCENTILES)},
            "warnings": [warning.to_json() for warning in self.warnings],
            "notes": list(self.notes),
        }


def _terms_json(terms: Mapping[Term, Band], total: Band) -> dict[str, Any]:
    return {term.value: band.to_json() for term, band in terms.items()} | {"total": total.to_json()}
