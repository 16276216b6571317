"""Help texts of verbs: options under headings, then examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

OPTIONS, GENERAL = "Options", "General"
"""Headings of the options that name none, and of those that every verb has."""


class HeadedOption(click.Option):
    """An option that is listed under a heading."""

    def __init__(self, *names: Any, heading: str = OPTIONS, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.heading = heading


class Verb(click.Command):
    """A command whose help lists its options under their headings, the verb's own before those of every verb."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each heading, in the order of the first option of each."""
        sections: dict[str, list[tuple[str, str]]] = {OPTIONS: [], GENERAL: []}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                usual = GENERAL if "--help" in option.opts else OPTIONS
                sections.setdefault(getattr(option, "heading", usual), []).append(record)
        sections[GENERAL] = sections.pop(GENERAL)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def headed(heading: str, *names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """Option under a heading; everything else as in ``click.option``."""
    return click.option(*names, cls=HeadedOption, heading=heading, **settings)


def examples(*lines: str) -> str:
    """Epilog with commands, each on a line of its own."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
