"""The two shapes that all results are printed in: a table with headings, and a list of named facts."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table


def grid(title: str, *headings: str) -> Table:
    """Make an empty table. A heading that starts with ``>`` is a column of numbers, flush right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in headings:
        right = heading.startswith(">")
        table.add_column(heading.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    return table


def facts(title: str, values: Mapping[str, object]) -> Table:
    """List named values, a line for each item of a tuple; those that are None or empty are left out."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in values.items():
        lines = value if isinstance(value, tuple) else () if value is None else (value,)
        if lines:
            table.add_row(escape(name), escape("\n".join(map(str, lines))))
    return table


def next_command(command: str) -> str:
    """The line that says what to try next."""
    return f"Next: [bold]{escape(command)}[/]"
