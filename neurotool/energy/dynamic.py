"""What papers mean by "dynamic" energy: the same total, less four different idle powers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neurotool.energy.lines import Line, Term

CHIPS_POWERED = "chips powered"
"""Name of the lines that charge chips with all cores gated."""

CORES_POWERED = "cores powered"
"""Name of the lines that charge the cores in use for being powered."""


@dataclass(frozen=True)
class Definition:
    """One meaning of "dynamic".

    Attributes:
        name: Name it is asked for by.
        meaning: What it holds, and who reports it.
        terms: Terms that belong to it as a whole.
        cores: Whether the power of ungated cores belongs to it.
    """

    name: str
    meaning: str
    terms: frozenset[Term]
    cores: bool = False

    def pick(self, lines: Iterable[Line]) -> Iterable[Line]:
        """Keep the lines that belong to it."""
        return (line for line in lines if line.term in self.terms or (self.cores and line.what == CORES_POWERED))


DYNAMIC = {
    definition.name: definition
    for definition in (
        Definition(
            "cores",
            "events on the cores and nothing else (Quartz, arXiv 2309.16795, reports the cores alone)",
            frozenset({Term.DYNAMIC}),
        ),
        Definition(
            "above-ready-idle",
            "the total less a chip that is configured and waits: events and traffic of the link "
            "(NeuroBench: idle is configured and ready)",
            frozenset({Term.DYNAMIC, Term.BOUNDARY}),
        ),
        Definition(
            "above-leakage",
            "the total less what leaks: events, traffic of the link and the embedded processors",
            frozenset({Term.DYNAMIC, Term.BOUNDARY, Term.HOST}),
        ),
        Definition(
            "above-boot-idle",
            "the total less a chip after boot, its cores gated: as above, and the cores that are powered "
            "(Blouw et al., arXiv 1812.01739)",
            frozenset({Term.DYNAMIC, Term.BOUNDARY, Term.HOST}),
            cores=True,
        ),
    )
}
"""By name, from the narrowest to the widest: each holds the one before."""

DEFAULT = "cores"
