"""The text of one rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A rule that a model must keep.

    Attributes:
        id: Stable identifier, ``NT-<STAGE>-<number>``.
        title: The rule in one line.
        why: The reason behind it, for ``neurotool explain``.
        rewrite: The usual way to make a model keep it.
    """

    id: str
    title: str
    why: str
    rewrite: str
