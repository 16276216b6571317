"""``neurotool inspect``: what a bundle or a file with a chip program holds."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli.options import FILE, output_options
from neurotool.cli.session import Session


@click.command()
@click.argument("model", type=FILE)
@output_options
@click.pass_obj
def inspect(session: Session, /, model: Path) -> None:
    """Show what MODEL holds: a bundle, or a NetX file (.net).

    First makes sure that no file of a bundle is missing, truncated or edited.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import inspected
    from neurotool.cli.program_answer import inspected_program

    if pipeline.program_format(model) is None:
        session.answer(*inspected(pipeline.inspect(model)))
    else:
        session.answer(*inspected_program(model, pipeline.read_program(model)))
