"""What ``--json`` prints: one object around the answer of any command."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from neurotool.diagnostics import Diagnostic
from neurotool.errors import NeurotoolError
from neurotool.ir.manifest import Record, Tool

SCHEMA: Final = "neurotool.envelope/1"


class Status(StrEnum):
    """How a command ended; the members stand in the order of their exit codes, 0 to 5."""

    DONE = "done"
    NEGATIVE = "negative"
    USAGE = "usage-error"
    UNSUPPORTED = "unsupported"
    BACKEND = "backend-missing"
    INTERNAL = "internal-error"

    @classmethod
    def of(cls, exit_code: int) -> Status:
        """Return the status of an exit code."""
        return tuple(cls)[exit_code]

    @property
    def exit_code(self) -> int:
        """Exit code of the command line."""
        return tuple(type(self)).index(self)


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
            status=Status.of(error.exit_code),
            data={"message": error.message, "hint": error.hint},
            diagnostics=error.diagnostics,
        )

    def to_json(self) -> str:
        """Return the text to print."""
        return self.model_dump_json(indent=2) + "\n"
