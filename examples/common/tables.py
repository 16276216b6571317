"""Tables in Markdown, also put in place inside a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from neurotool.errors import UsageError


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table; columns after the first are aligned to the right.

    Args:
        header: Names of the columns.
        rows: Cells, as many per row as there are names.
    """
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def put(page: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->`` in a page.

    Raises:
        UsageError: The page has no such place.
    """
    before, after = f"<!-- {name} -->", f"<!-- /{name} -->"
    old = page.read_text(encoding="utf-8")
    if before not in old or after not in old:
        raise UsageError(f"{page}: it has no place called {name!r}", hint=f"add a line {before} and a line {after}")
    head, rest = old.split(before, 1)
    tail = rest.split(after, 1)[1]
    page.write_text(f"{head}{before}\n{text.strip()}\n{after}{tail}", encoding="utf-8")
