"""``neurotool partition``: what would run where, and why; writes nothing."""

from __future__ import annotations

from typing import Any

import click

from neurotool.cli.options import conversion, conversion_options, encoding_options, output_options
from neurotool.cli.session import Session


@click.command()
@click.argument("source")
@conversion_options
@encoding_options
@output_options
@click.pass_obj
def partition(session: Session, /, source: str, **choices: Any) -> None:
    """Show what of SOURCE would run where.

    Gives the reason for every node. Nothing is written.

    SOURCE is package.module:factory, which is imported and called, or a .nir file.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import partitioned

    result = pipeline.partition(source, conversion(choices))
    session.answer(*partitioned(source, result))
