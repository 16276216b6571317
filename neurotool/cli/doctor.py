"""``neurotool doctor``: what is installed, what each part is for, and how to get what is missing."""

from __future__ import annotations

import shlex

import click
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from neurotool.cli.headings import Verb
from neurotool.cli.options import output_options
from neurotool.cli.session import Session
from neurotool.environment import Component, fixes, ready, repair, survey
from neurotool.errors import BackendFailedError, BackendMissingError


@click.command(cls=Verb)
@click.option("--fix", is_flag=True, help="Run the commands that install what is missing.")
@output_options
@click.pass_obj
def doctor(session: Session, /, fix: bool) -> None:
    """Show what is installed and what is missing.

    Says what each part is for, and gives the command that brings what is missing.

    Ends with 0 when everything required is there (Lava is optional), with 4 otherwise.
    """
    if fix:
        _repair(session, survey())
    components = survey()
    data = {"schema": "neurotool.doctor/1", "ready": ready(components), "components": [c.to_json() for c in components]}
    missing = [c.name for c in components if c.required and not c.ok]
    if missing:
        session.note(f"neurotool cannot work without: {', '.join(missing)}")
    code = BackendMissingError.exit_code if missing else 0
    session.answer(data, [_table(components), *_advice(components)], code=code)


def _repair(session: Session, /, components: list[Component]) -> None:
    commands = fixes(components)
    if not commands:
        session.note("nothing to fix")
        return
    failed = repair(commands, lambda command: session.note(f"running: {shlex.join(command)}"))
    if failed is not None:
        raise BackendFailedError(f"this command failed: {shlex.join(failed)}", hint="its own message is above")


def _table(components: list[Component]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "part", "what for", "found", "detail"):
        table.add_column(heading, overflow="fold")
    for c in components:
        mark = "[green]ok[/]" if c.ok else "[red]missing[/]" if c.required else "[yellow]unusable[/]"
        table.add_row(mark, c.name, c.purpose, c.version or "", escape(c.detail))
    return table


def _advice(components: list[Component]) -> list[RenderableType]:
    commands = fixes(components)
    if not commands:
        return []
    lines = "\n".join(f"  {shlex.join(command)}" for command in commands)
    return [f"To install what is missing, run [bold]neurotool doctor --fix[/], which does:\n{escape(lines)}"]
