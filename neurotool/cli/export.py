"""``neurotool export``: the spiking half in a form that other programs run."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli.options import FILE, output_options
from neurotool.cli.session import Session


@click.command()
@click.argument("bundle", type=FILE)
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="Folder to make.")
@click.option(
    "--format", "form", default="lava-script", show_default=True, metavar="lava-script", help="Form to write."
)
@output_options
@click.pass_obj
def export(session: Session, /, bundle: Path, out: Path, form: str) -> None:
    """Write the spiking parts of BUNDLE as plain Lava scripts.

    For people with access to a chip: the script takes the run configuration as an option and needs no neurotool. It is
    checked with Lava's simulation only and was never run on silicon.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import exported

    session.answer(*exported(bundle, form, pipeline.export(bundle, out, form)))
