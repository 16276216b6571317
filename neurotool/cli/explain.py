"""``neurotool explain``: the long form of a rule."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches

import click
from rich.markup import escape
from rich.table import Table

from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import output_options
from neurotool.cli.session import Session
from neurotool.errors import UsageError
from neurotool.rules import RULES, Rule


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in RULES if name.startswith(incomplete.upper())]


@click.command(cls=Verb, epilog=examples("neurotool explain", "neurotool explain NT-PLACE-004"))
@click.argument("rule", required=False, shell_complete=_complete)
@output_options
@click.pass_obj
def explain(session: Session, /, rule: str | None) -> None:
    """Explain RULE, or list all rules.

    A rule has a name such as NT-PLACE-001; messages about a model give it.
    """
    if rule is None:
        session.answer({"schema": "neurotool.rules/1", "rules": [asdict(r) for r in RULES.values()]}, [_list()])
        return
    found = _find(rule)
    session.answer({"schema": "neurotool.rule/1", **asdict(found)}, [_long(found)])


def _find(name: str) -> Rule:
    wanted = name.upper()
    if wanted in RULES:
        return RULES[wanted]
    near = get_close_matches(wanted, RULES, n=4) or [r for r in RULES if wanted in r][:4]
    raise UsageError(
        f"there is no rule {name!r}",
        hint=f"did you mean {', '.join(near)}?" if near else "neurotool explain lists all rules",
    )


def _list() -> Table:
    table = Table("rule", "title", box=None, pad_edge=False)
    for rule in RULES.values():
        table.add_row(rule.id, escape(rule.title))
    return table


def _long(rule: Rule) -> str:
    return (
        f"[bold]{rule.id}[/]  {escape(rule.title)}\n\n"
        f"[bold]Why[/]\n{escape(rule.why)}\n\n[bold]What to do[/]\n{escape(rule.rewrite)}"
    )
