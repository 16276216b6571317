"""The errors a user can cause or meet, each with the exit code of the command line.

Anything that is not a :class:`NeurotoolError` is an internal error (exit code 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from neurotool.diagnostics import Diagnostic


class NeurotoolError(Exception):
    """Base of every error that is the answer to a user, not a defect of the tool.

    Args:
        message: One sentence that names the file, node or value and what is wrong with it.
        hint: What to do about it, as a sentence or a command.
        diagnostics: Everything that was found, when one sentence cannot list it.
    """

    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, *, hint: str | None = None, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.diagnostics = tuple(diagnostics)


class NegativeAnswerError(NeurotoolError):
    """The command ran and the answer is no: a mismatch, or a model that does not fit (exit code 1)."""

    exit_code = 1


class UsageError(NeurotoolError):
    """Wrong usage: a bad option, or a file that is missing, damaged or of the wrong kind (exit code 2)."""

    exit_code = 2


class UnsupportedError(NeurotoolError):
    """The model uses something that cannot be converted; ``diagnostics`` lists all of it (exit code 3)."""

    exit_code = 3


class BackendMissingError(NeurotoolError):
    """A back end that the command needs is not installed or does not work here (exit code 4)."""

    exit_code = 4


class BackendFailedError(NeurotoolError):
    """A back end was started and then failed or ran out of time (exit code 4)."""

    exit_code = 4


def reason(error: Exception) -> str:
    """Say what went wrong without the number and the file name that the system adds."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
