"""``neurotool inspect``: what a bundle holds."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli.options import FILE, output_options
from neurotool.cli.session import Session


@click.command()
@click.argument("bundle", type=FILE)
@output_options
@click.pass_obj
def inspect(session: Session, /, bundle: Path) -> None:
    """Show what BUNDLE holds.

    First makes sure that no file of it is missing, truncated or edited.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import inspected

    session.answer(*inspected(pipeline.inspect(bundle)))
