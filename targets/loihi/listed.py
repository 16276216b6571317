"""Names of populations, cut to what a fact of a trace may hold."""

from __future__ import annotations

from collections.abc import Sequence

NAMES_SHOWN = 8
"""A trace file holds short texts only."""


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
