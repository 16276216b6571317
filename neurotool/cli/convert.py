"""``neurotool convert``: a model to a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurotool.cli.options import FILE, conversion, conversion_options, encoding_options, force_option, output_options
from neurotool.cli.session import Session


@click.command()
@click.argument("source")
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="Bundle to write.")
@conversion_options
@click.option("--chips", type=click.IntRange(min=1), metavar="N", help="Most chips to place on [as many as needed].")
@click.option("--placement-seconds", type=click.FloatRange(min=0), default=0.0, metavar="S",
              help="Search this long for a better placement.")  # fmt: skip
@encoding_options
@force_option
@output_options
@click.pass_obj
def convert(session: Session, /, source: str, out: Path, **choices: Any) -> None:
    """Convert SOURCE into a bundle.

    Splits it, quantises the spiking half, places that on a chip, and exports the dense half.

    SOURCE is package.module:factory, which is imported and called, or a .nir file.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import converted

    with session.progress() as progress:
        result = pipeline.convert(source, out, conversion(choices), progress=progress)
    session.answer(*converted(result), diagnostics=result.diagnostics)
