"""What the suite has compared, counted for each neuron model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from neurotool.ir.trace import Trace
from neurotool.neurons import MODELS
from neurotool.testing.case import Case, features
from neurotool.testing.compare import Mismatch
from neurotool.testing.edges import Edges


@dataclass
class Row:
    """Counts of one neuron model.

    Attributes:
        programs: Programs with a population of it.
        neuron_steps: Steps of single neurons of which the spike and every state were compared.
        spikes: Spikes, or payloads other than zero, among them.
        wrapped: Neuron-steps in which a sum of payloads or weights did not fit its register.
        limited: Neuron-steps in which a state left the range of a chip, and so was wrapped or clipped, or should be.
        mismatches: Values that differ.
    """

    programs: int = 0
    neuron_steps: int = 0
    spikes: int = 0
    wrapped: int = 0
    limited: int = 0
    mismatches: int = 0

    def add(self, other: Row) -> None:
        """Add the counts of another."""
        for name, count in asdict(other).items():
            setattr(self, name, getattr(self, name) + count)


@dataclass
class Tally:
    """Counts of one target.

    Attributes:
        target: Name of the target.
        rows: Counts by neuron model.
        features: Programs by what they have.
        programs: All programs.
        refused: Programs that the target refused to run; they count nowhere else.
        undefined: Programs left out because Lava's answer is undefined; they count nowhere else.
    """

    target: str
    rows: dict[str, Row] = field(default_factory=dict)
    features: dict[str, int] = field(default_factory=dict)
    programs: int = 0
    refused: int = 0
    undefined: int = 0

    def row(self, model: str) -> Row:
        """Counts of a neuron model."""
        return self.rows.setdefault(model, Row())

    def count(self, case: Case, expected: Trace, edges: Mapping[str, Edges], different: Iterable[Mismatch]) -> None:
        """Count a case that was compared.

        Args:
            case: The case.
            expected: What the reference gave.
            edges: What :func:`neurotool.testing.edges.edges` finds.
            different: Where the target differs.
        """
        self.programs += 1
        self._has(dict.fromkeys(features(case.program), 1))
        for model in {population.model for population in case.program.populations.values()}:
            self.row(model).programs += 1
        for name, population in case.program.populations.items():
            row = self.row(population.model)
            row.neuron_steps += case.steps * case.batch * population.size
            row.spikes += int(np.count_nonzero(expected.spikes[name]))
            row.wrapped += edges[name].wrapped
            row.limited += edges[name].limited
        for mismatch in different:
            self.row(case.program.populations[mismatch.population].model).mismatches += mismatch.count

    def add(self, other: Tally) -> None:
        """Add the counts of another."""
        for model, row in other.rows.items():
            self.row(model).add(row)
        self._has(other.features)
        self.programs += other.programs
        self.refused += other.refused
        self.undefined += other.undefined

    def _has(self, counts: Mapping[str, int]) -> None:
        for name, count in counts.items():
            self.features[name] = self.features.get(name, 0) + count

    def as_json(self) -> str:
        """Return the counts as text, which passes between the processes of a parallel test run."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Tally:
        """Make a tally of what :meth:`as_json` gave."""
        values = json.loads(text)
        rows = {model: Row(**row) for model, row in values["rows"].items()}
        return cls(**(values | {"rows": rows}))


TITLES = (
    "Neuron model",
    "Lava process",
    "whose",
    "programs",
    "neuron-steps",
    "spikes",
    "sums wrapped",
    "states out of range",
    "mismatches",
)


def table(tally: Tally) -> str:
    """Return the counts as a Markdown table, in the order of :data:`neurotool.neurons.MODELS`."""
    lines: list[tuple[str, ...]] = [TITLES, ("---",) * 3 + ("---:",) * (len(TITLES) - 3)]
    for name, model in MODELS.items():
        if name in tally.rows:
            counts = (f"{count:,}" for count in asdict(tally.rows[name]).values())
            lines.append((f"`{name}`", f"`{model.process}`", model.owner.value, *counts))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def seen(tally: Tally) -> str:
    """Return how many programs had what, as one sentence."""
    found = ", ".join(f"{name} {count:,}" for name, count in sorted(tally.features.items()))
    left = f"{tally.refused:,} refused, {tally.undefined:,} left out as undefined in Lava"
    return f"{tally.programs:,} programs, {left}. Among them: {found}."


def report(tallies: Iterable[Tally]) -> str:
    """Return tables and totals of several targets as Markdown."""
    parts = (f"Target `{tally.target}`: {seen(tally)}\n\n{table(tally)}" for tally in tallies)
    return "\n\n".join(parts)
