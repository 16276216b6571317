"""The errors a user can cause or meet, each with the status that a command ends with.

Anything that is not a :class:`NeurotoolError` is an internal error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from neurotool.status import EXIT_CODES, Status

if TYPE_CHECKING:
    from neurotool.diagnostics import Diagnostic


class NeurotoolWarning(UserWarning):
    """A doubt about what a user gave, which was taken as it is."""


class NeurotoolError(Exception):
    """Base of every error that is the answer to a user, not a defect of the tool.

    Args:
        message: One sentence that names the file, node or value and what is wrong with it.
        hint: What to do about it, as a sentence or a command.
        diagnostics: Everything that was found, when one sentence cannot list it.
    """

    status: ClassVar[Status] = Status.INTERNAL
    exit_code: ClassVar[int] = EXIT_CODES[Status.INTERNAL]

    def __init_subclass__(cls) -> None:
        """Give each kind of error the exit code of its status."""
        super().__init_subclass__()
        cls.exit_code = EXIT_CODES[cls.status]

    def __init__(self, message: str, *, hint: str | None = None, diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        for note in (*([f"hint: {hint}"] if hint else ()), *(_line(each) for each in diagnostics)):
            self.add_note(note)  # below the message where Python shows the error; the command line has its own way
        self.message = message
        self.hint = hint
        self.diagnostics = tuple(diagnostics)


class NegativeAnswerError(NeurotoolError):
    """The command ran and the answer is no: a mismatch, or a model that does not fit."""

    status = Status.NEGATIVE


class UsageError(NeurotoolError):
    """Wrong usage: a bad option, or a file that is missing, damaged or of the wrong kind."""

    status = Status.USAGE


class UnsupportedError(NeurotoolError):
    """The model uses something that cannot be converted; ``diagnostics`` lists all of it."""

    status = Status.UNSUPPORTED


class BackendMissingError(NeurotoolError):
    """A back end that the command needs is not installed or does not work here."""

    status = Status.BACKEND_MISSING


class BackendFailedError(NeurotoolError):
    """A back end was started and then failed or ran out of time."""

    status = Status.BACKEND_FAILED


def _line(found: Diagnostic) -> str:
    fix = f"; {found.fix}" if found.fix else ""
    return f"{found.node or 'the model'}: {found.message} [{found.rule}]{fix}"


def reason(error: Exception) -> str:
    """Say what went wrong without the number and the file name that the system adds."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
