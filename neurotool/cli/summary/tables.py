"""The two shapes that all results are printed in: a table with headings, and a list of named facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text, TextType

UNBOUNDED = 10_000
"""Columns in which every table has room: measures are clipped to the width that is given."""


class Grid(Table):
    """A table that becomes a list of records where the terminal is too narrow for its longest words and numbers."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render as a table if no word has to be broken for that."""
        if Measurement.get(console, options.update(max_width=UNBOUNDED), self).minimum > options.max_width:
            yield self._records()
        else:
            yield from super().__rich_console__(console, options)

    def _records(self) -> Table:
        """List each row under the headings, with an empty line between two of them."""
        table = _bare(self.title)
        cells = [list(column.cells) for column in self.columns]
        for number, row in enumerate(zip(*cells, strict=True)):
            if number:
                table.add_row()
            for column, cell in zip(self.columns, row, strict=True):
                if cell != "":
                    table.add_row(column.header, cell)
        return table


def grid(title: str, *headings: str) -> Grid:
    """Make an empty table. A heading that starts with ``>`` is a column of numbers, flush right."""
    table = Grid(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in headings:
        right = heading.startswith(">")
        table.add_column(heading.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    return table


def facts(title: str, values: Mapping[str, object]) -> Table:
    """List named values, a line for each item of a tuple; those that are None or empty are left out."""
    table = _bare(title)
    for name, value in values.items():
        lines = value if isinstance(value, tuple) else () if value is None else (value,)
        if lines:
            table.add_row(escape(name), escape("\n".join(map(str, lines))))
    return table


def _bare(title: TextType | None) -> Table:
    """Make an empty table of names and values."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    return table


def next_command(*words: str) -> RenderableType:
    """The line that says what to try next, for a shell to read as it stands."""
    return _Command(words)


class _Command:
    """A command line. Where it is too long for one line it goes on in the next, as a shell reads it."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Break between words only: a word in two would be two words."""
        lines = [_NEXT]
        for word in map(quote, self.words):
            if lines[-1].strip() and lines[-1] != _NEXT and len(f"{lines[-1]} {word}{_GOES_ON}") > options.max_width:
                lines[-1] += _GOES_ON
                lines.append(" " * (len(_NEXT) - 1))
            lines[-1] += f" {word}"
        text = Text("\n".join(lines), overflow="fold")
        text.stylize("bold", len(_NEXT))
        yield text


_NEXT, _GOES_ON = "Next:", " \\"
