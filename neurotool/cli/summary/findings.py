"""Diagnostics as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.markup import escape

from neurotool.cli.summary.tables import grid

if TYPE_CHECKING:
    from neurotool.diagnostics import Diagnostic

_STYLE = {"error": "red", "warning": "yellow", "note": "dim"}


def findings(diagnostics: Sequence[Diagnostic]) -> RenderableType:
    """List findings with rule, node, what was found, its limit and the nearest rewrite."""
    table = grid("", "", "rule", "node", "finding", "fix")
    for d in diagnostics:
        style = _STYLE[d.severity]
        where = d.node
        if d.origin and d.origin != d.node:  # an origin often begins with the name of the node
            where = d.origin if d.origin.startswith(f"{d.node} (") else f"{d.node} ({d.origin})"
        table.add_row(
            f"[{style}]{d.severity}[/]", d.rule, escape(where), escape(f"{d.message}{_limit(d)}"), escape(d.fix)
        )
    first = diagnostics[0].rule
    return Group(table, f"[dim]neurotool explain {first}[/] says more about a rule.")


def _limit(d: Diagnostic) -> str:
    parts = [f"found {d.found}"] if d.found else []
    parts += [f"limit {d.limit}"] if d.limit else []
    return f" ({', '.join(parts)})" if parts else ""
