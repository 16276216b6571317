"""What a stage found out about a model: refusals, warnings and notes, each tied to a rule and a node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from neurotool.rules import RULES


class Severity(StrEnum):
    """How much a finding matters. An ``ERROR`` refuses the model."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    Attributes:
        rule: Identifier of a rule in :mod:`neurotool.rules`, such as ``NT-TORCH-001``.
        severity: Whether it refuses the model, warns, or only informs.
        node: Name of the node, population or part it is about; empty for the whole model.
        message: One sentence with the facts of this case.
        found: The value that was found.
        limit: The value or range that would have been accepted.
        fix: The nearest rewrite that would pass.
        origin: Where the node comes from: module path or file node.
    """

    rule: str
    severity: Severity
    node: str
    message: str
    found: str = ""
    limit: str = ""
    fix: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise KeyError(f"no rule {self.rule!r} in neurotool.rules")

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return asdict(self)


def errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return only the findings that refuse the model."""
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)
