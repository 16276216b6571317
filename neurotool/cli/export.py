"""``neurotool export``: the spiking half in a form that other programs run."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import FILE, output_options
from neurotool.cli.session import Session


def _complete_formats(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from neurotool.pipeline import export_formats

    return [name for name in export_formats() if name.startswith(incomplete)]


@click.command(
    short_help="Write the spiking half for a chip, or for another framework.",
    cls=Verb,
    epilog=examples("neurotool export model --out script", "neurotool export network.net --format netx --out netx"),
)
@click.argument("model", type=FILE)
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="Folder to make.")
@click.option(
    "--format",
    "form",
    default="lava-script",
    show_default=True,
    metavar="lava-script|netx|nir",
    help="Form to write.",
    shell_complete=_complete_formats,
)
@output_options
@click.pass_obj
def export(session: Session, /, model: Path, out: Path, form: str) -> None:
    """Write the spiking parts of MODEL, a bundle or a NetX file, for other programs.

    For people with access to a chip: lava-script, a plain Lava script that takes the run configuration as an option and
    needs no neurotool; netx, a file for lava-dl. Both are checked with Lava's simulation only and were never run on
    silicon. For other frameworks: nir, the float network, without its rounding.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import exported

    session.answer(*exported(model, form, pipeline.export(model, out, form)))
