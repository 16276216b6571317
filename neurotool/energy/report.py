"""The energy report: what one inference costs, part by part, with its bands and what they come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from neurotool.diagnostics import Diagnostic
from neurotool.energy.bands import DRAWS, PERCENTILES, ZERO, Band
from neurotool.energy.dynamic import CHIPS_POWERED, CORES_POWERED, DYNAMIC
from neurotool.energy.lines import Kind, Term
from neurotool.energy.parts import EnergyRow, PartEnergy, terms_json
from neurotool.energy.tornado import Swing

SCHEMA = "neurotool.energy/1"


class Evidence(StrEnum):
    """What stands behind the activity, from the strongest to the weakest."""

    MEASURED = "measured trace"  # every spike of a run on real samples
    RECORDED = "recorded rates"  # counts that somebody measured and published
    ASSUMED = "assumed rate"  # a guess, with a range that widens the bands
    NONE = "none"  # nothing spikes


@dataclass(frozen=True)
class EnergyReport:
    """What one inference costs.

    Attributes:
        parts: Parts of the model as it was split.
        waiting: What stays powered while another part computes; None where nothing waits.
        whole: The whole model run densely on the device, for comparison; None where it was not asked for.
        samples: Samples of the trace that counts are means of.
        evidence: Class of evidence for the activity.
        activity: That class and where the activity comes from, for people.
        tornado: What moves the total most, the largest first.
        seed: Seed of the draws.
        warnings: What looks wrong.
        notes: How to read the figures, one sentence each.
    """

    parts: tuple[PartEnergy, ...]
    waiting: PartEnergy | None
    whole: PartEnergy | None
    samples: int
    evidence: Evidence
    activity: str
    tornado: tuple[Swing, ...]
    seed: int
    warnings: tuple[Diagnostic, ...]
    notes: tuple[str, ...]

    @property
    def charged(self) -> tuple[PartEnergy, ...]:
        """Everything that adds up to the total: the parts, and what waits."""
        return self.parts if self.waiting is None else (*self.parts, self.waiting)

    @property
    def terms(self) -> dict[Term, Band]:
        """Joules per term in all."""
        return {term: sum((each.terms[term] for each in self.charged), ZERO) for term in Term}

    def dynamic(self, name: str) -> Band:
        """Joules over all parts by one definition of "dynamic" (:data:`neurotool.energy.dynamic.DYNAMIC`)."""
        return sum((part.dynamic[name] for part in self.parts), ZERO)

    def standing(self, what: str) -> Band:
        """Joules over all parts of one half of the static term."""
        return sum((part.standing[what] for part in self.parts), ZERO)

    @property
    def total(self) -> Band:
        """Joules in all."""
        return sum((each.total for each in self.charged), ZERO)

    @property
    def latency(self) -> Band:
        """Seconds, with one part after the other."""
        return sum((part.seconds for part in self.parts), ZERO)

    @property
    def kind(self) -> Kind:
        """Kind of the total: the weakest of what it is made of."""
        return max((each.kind for each in self.charged), key=list(Kind).index, default=Kind.SIMULATED)

    def rows(self) -> tuple[EnergyRow, ...]:
        """All rows of the per-layer table."""
        return tuple(row for each in self.charged for row in each.rows)

    def explain(self, layer: str) -> tuple[str, ...]:
        """The arithmetic of the rows of that name, one line per product; empty if there is none."""
        return tuple(product.text() for row in self.rows() if row.name == layer for product in row.arithmetic)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values; energies in joules, times in seconds."""
        return {
            "schema": SCHEMA,
            "energy_J": terms_json(self.terms, self.total),
            "kind": self.kind.value,
            "latency_s": self.latency.to_json(),
            "parts": [part.to_json() for part in self.parts],
            "waiting": None if self.waiting is None else self.waiting.to_json(),
            "whole_model_dense": None if self.whole is None else self.whole.to_json(),
            "static_J": {what: self.standing(what).to_json() for what in (CHIPS_POWERED, CORES_POWERED)},
            "dynamic_J": {name: self.dynamic(name).to_json() for name in DYNAMIC},
            "tornado": [swing.to_json() for swing in self.tornado],
            "activity": {"class": self.evidence.value, "evidence": self.activity, "samples": self.samples},
            "band": {"draws": DRAWS, "seed": self.seed, "percentiles": list(PERCENTILES)},
            "warnings": [warning.to_json() for warning in self.warnings],
            "notes": list(self.notes),
        }
