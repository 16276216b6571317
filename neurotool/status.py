"""How a command can end, and the exit code that each end has: the only place that joins the two."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """How a command ended."""

    DONE = "done"
    NEGATIVE = "negative"
    USAGE = "usage-error"
    UNSUPPORTED = "unsupported"
    BACKEND_MISSING = "backend-missing"
    BACKEND_FAILED = "backend-failed"
    INTERNAL = "internal-error"

    @classmethod
    def of(cls, exit_code: int) -> Status:
        """Return the status of an exit code, of several the first."""
        return next(status for status, code in EXIT_CODES.items() if code == exit_code)

    @property
    def exit_code(self) -> int:
        """Exit code of the command line."""
        return EXIT_CODES[self]


EXIT_CODES: Final[Mapping[Status, int]] = {
    Status.DONE: 0,
    Status.NEGATIVE: 1,
    Status.USAGE: 2,
    Status.UNSUPPORTED: 3,
    Status.BACKEND_MISSING: 4,
    Status.BACKEND_FAILED: 4,
    Status.INTERNAL: 5,
}

MEANINGS: Final[Mapping[int, str]] = {
    0: "done",
    1: "it ran and the answer is no",
    2: "wrong usage",
    3: "the model uses something unsupported",
    4: "a backend is absent or failed",
    5: "internal error",
}
"""What a user reads of each exit code."""
