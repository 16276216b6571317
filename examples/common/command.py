"""What the command lines of the examples share."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, TypeVar

import click

from neurotool.errors import NeurotoolError

Options = TypeVar("Options")


class Failure(click.ClickException):
    """A mistake of the user, with the hint that goes with it."""

    def __init__(self, error: NeurotoolError) -> None:
        super().__init__(error.message + (f"\n{error.hint}" if error.hint else ""))
        self.exit_code = error.exit_code  # type: ignore[misc]  # click reads it from the instance


class Group(click.Group):
    """Commands whose mistakes of the user are told without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except NeurotoolError as error:
            raise Failure(error) from error


def note(text: str) -> None:
    """Tell of a step."""
    click.echo(text, err=True)


def changed(options: Options, changes: Sequence[str]) -> Options:
    """Apply changes written as ``NAME=VALUE``, where a name may be ``PART.NAME``, to nested dataclasses.

    Args:
        options: A dataclass.
        changes: What to change; values are JSON, or else strings.

    Raises:
        click.BadParameter: There is no such option, or the value is of another kind.
    """
    for change in changes:
        name, _, text = change.partition("=")
        options = _with(options, name.split("."), text, name)
    return options


def _with(options: Any, names: list[str], text: str, whole: str) -> Any:
    fields = {field.name for field in dataclasses.fields(options)} if dataclasses.is_dataclass(options) else set()
    if names[0] not in fields:
        raise click.BadParameter(f"{whole!r} is no option; there are {', '.join(sorted(fields)) or 'none in it'}")
    old = getattr(options, names[0])
    if len(names) > 1:
        return dataclasses.replace(options, **{names[0]: _with(old, names[1:], text, whole)})
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = text
    value = tuple(value) if isinstance(value, list) else value
    if type(value) is not type(old) and not (isinstance(old, float) and type(value) is int):
        raise click.BadParameter(f"{whole} takes a value like {old!r}, not {text!r}")
    return dataclasses.replace(options, **{names[0]: value})
