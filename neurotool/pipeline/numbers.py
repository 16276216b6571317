"""Numbers that a user gives, held against their limits before any work begins."""

from __future__ import annotations

import math
import operator
from typing import Any

from neurotool.errors import UsageError


def whole(option: str, value: Any, least: int, most: int | None = None) -> int:
    """A whole number, also one of numpy's, as Python's own.

    Args:
        option: Option that it is given with, as the command line names it.
        value: What was given.
        least: Smallest that has a meaning.
        most: Largest, or None for no end.

    Raises:
        UsageError: It is none, or outside the limits.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least or (most is not None and number > most):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise UsageError(f"{option}: {value!r} is not a whole number {limits}")
    return number


def real(option: str, value: Any, least: float = 0.0, most: float = math.inf, *, positive: bool = False) -> float:
    """A finite number as Python's own.

    Args:
        option: Option that it is given with, as the command line names it.
        value: What was given.
        least: Smallest that has a meaning.
        most: Largest that has one.
        positive: Refuse zero as well.

    Raises:
        UsageError: It is none, or outside the limits.
    """
    try:
        number = math.nan if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or not least <= number <= most or (positive and number == 0.0):
        upwards = "above 0" if positive else f"of at least {least:g}"
        limits = upwards if most == math.inf else f"from {least:g} to {most:g}"
        raise UsageError(f"{option}: {value!r} is not a number {limits}")
    return number


def optional_whole(option: str, value: Any, least: int, most: int | None = None) -> int | None:
    """The same as :func:`whole`, or None for None."""
    return None if value is None else whole(option, value, least, most)


def optional_real(
    option: str, value: Any, least: float = 0.0, most: float = math.inf, *, positive: bool = False
) -> float | None:
    """The same as :func:`real`, or None for None."""
    return None if value is None else real(option, value, least, most, positive=positive)
