"""What ``--json`` prints: one object around the answer of any command."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from neurotool.diagnostics import Diagnostic
from neurotool.errors import NeurotoolError
from neurotool.ir.manifest import Record, Tool
from neurotool.status import Status

SCHEMA: Final = "neurotool.envelope/1"


class Envelope(Record):
    """Answer of a command as JSON."""

    schema_id: Literal["neurotool.envelope/1"] = Field(
        default=SCHEMA, alias="schema", description="Schema and version."
    )
    tool: Tool = Field(default_factory=Tool)
    status: Status = Field(description="How the command ended.")
    data: dict[str, Any] = Field(
        default_factory=dict,
        description="The answer, with a schema field of its own; after an error, its message and hint.",
    )
    diagnostics: tuple[Diagnostic, ...] = Field(default=(), description="What was found out about the model.")

    @classmethod
    def of_error(cls, error: NeurotoolError) -> Envelope:
        """Wrap an error; an answer that is no but has data is better made directly."""
        return cls(
            status=error.status,
            data={"message": error.message, "hint": error.hint},
            diagnostics=error.diagnostics,
        )

    def to_json(self) -> str:
        """Return the text to print."""
        return self.model_dump_json(indent=2) + "\n"
