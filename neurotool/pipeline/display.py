"""How results show themselves: as short tables of text, and as HTML in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape

Rows = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Headings and rows; a heading that starts with ``>`` is a column of numbers."""

MOST_LINES = 40
"""Lines of all tables of a result together, so that it fits on a screen; ``tables()`` has every row."""


class Shown(ABC):
    """A result that is looked at through tables. Its dataclass must be made with ``repr=False``."""

    @abstractmethod
    def tables(self) -> Sequence[Rows]:
        """The tables that show it, whole. The first has at least a heading."""

    def __repr__(self) -> str:
        """The tables as text, the longest without the rows for which there is no room."""
        return "\n\n".join(text_table(*rows) for rows in shortened(self.tables()))

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return "".join(html_table(*rows) for rows in shortened(self.tables()))


def shortened(tables: Sequence[Rows], most: int = MOST_LINES) -> list[Rows]:
    """Leave out rows of the longest tables until all of them fit.

    Args:
        tables: The tables.
        most: Lines there are, with a heading for each table and an empty line between two.

    Returns:
        The tables; where rows were left out, the last row says how many.
    """
    room = most - 2 * len(tables) + 1
    kept: dict[int, int] = {}
    # The shortest takes what it needs, and leaves the others a larger share.
    for place, i in enumerate(sorted(range(len(tables)), key=lambda i: len(tables[i][1]))):
        kept[i] = min(len(tables[i][1]), max(1, room // (len(tables) - place)))
        room -= kept[i]
    return [(headings, _first(headings, rows, kept[i])) for i, (headings, rows) in enumerate(tables)]


def _first(headings: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> Sequence[Sequence[str]]:
    if len(rows) <= most:
        return rows
    left = f"... {len(rows) - most + 1:,} more"
    return [*rows[: most - 1], (left, *("" for _ in headings[1:]))]


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of plain text."""
    shown = [[h.removeprefix(">") for h in headings], *rows]
    widths = [max(len(row[i]) for row in shown) for i in range(len(headings))]
    right = [h.startswith(">") for h in headings]
    return "\n".join(
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
        for row in shown
    )


def html_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table without style of its own."""
    aligned = [' style="text-align:right"' if h.startswith(">") else "" for h in headings]
    head = "".join(f"<th>{escape(h.removeprefix('>'))}</th>" for h in headings)
    body = "".join(
        "<tr>" + "".join(f"<td{a}>{escape(cell)}</td>" for cell, a in zip(row, aligned, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
