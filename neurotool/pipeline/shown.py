"""How results show themselves: as tables of text, and as HTML in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape

Rows = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Headings and rows; a heading that starts with ``>`` is a column of numbers."""


class Shown(ABC):
    """A result that is looked at through tables. Its dataclass must be made with ``repr=False``."""

    @abstractmethod
    def tables(self) -> Sequence[Rows]:
        """The tables that show it."""

    def __repr__(self) -> str:
        """The tables as text."""
        return "\n\n".join(text_table(*rows) for rows in self.tables())

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return "".join(html_table(*rows) for rows in self.tables())


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
