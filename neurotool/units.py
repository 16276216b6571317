"""Quantities with units at the edge of the tool; plain SI floats inside.

A bare number is refused on purpose: time steps in seconds, milliseconds and "steps" are mixed up too easily.
"""

from __future__ import annotations

import re
import unicodedata

from neurotool.errors import UsageError

_MICRO = unicodedata.normalize("NFKC", "µ")
"""The Greek letter, which the micro sign of keyboards stands for."""

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, f"{_MICRO}s": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))


def parse_time(text: str, *, what: str = "time") -> float:
    """Parse a time such as ``1ms`` or ``0.5 us``.

    Args:
        text: Number followed by one of s, ms, us, ns, min, h; µs may be written with the micro sign or the letter mu.
        what: Name of the option, for the error message.

    Returns:
        The time in seconds.

    Raises:
        UsageError: The text has no unit, an unknown unit, or is not a positive number.
    """
    plain = unicodedata.normalize("NFKC", text)
    match = re.fullmatch(rf"\s*([-+0-9.eE]*[0-9.])\s*([a-zA-Z{_MICRO}]*)\s*", plain)
    if match is None:
        raise UsageError(f"{what}: {text!r} is not a time", hint=f"write a number and a unit, such as {what} 1ms")
    number, unit = match.groups()
    if not unit:
        raise UsageError(
            f"{what}: {text!r} has no unit",
            hint=f"write {what} {number}ms if you mean milliseconds, {number}s if seconds",
        )
    if unit not in _SECONDS:
        raise UsageError(f"{what}: unknown unit {unit!r} in {text!r}", hint=f"use one of {', '.join(_SECONDS)}")
    try:
        value = float(number) * _SECONDS[unit]
    except ValueError:
        raise UsageError(f"{what}: {number!r} is not a number") from None
    if not 0.0 < value < float("inf"):
        raise UsageError(f"{what}: {text!r} must be greater than zero")
    return value


def write_time(seconds: float) -> str:
    """Write a time as :func:`parse_time` reads it, to the last bit: the shortest such text."""
    texts = [f"{seconds / scale:.15g}{unit}" for unit, scale in _SECONDS.items() if unit in ("s", "ms", "us", "ns")]
    exact = [text for text in texts if parse_time(text) == seconds]
    return min(exact, key=len, default=f"{seconds!r}s")


def format_si(value: float, unit: str, digits: int = 3) -> str:
    """Format a non-negative SI quantity with a prefix, for example ``format_si(1.2e-6, "J")`` gives ``1.2 µJ``."""
    if value == 0.0:
        return f"0 {unit}"
    for scale, prefix in _PREFIXES:
        if abs(value) >= scale * 0.9995:
            return f"{value / scale:.{digits}g} {prefix}{unit}"
    return f"{value:.{digits}g} {unit}"
