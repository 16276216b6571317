"""``neurotool inspect``: what a bundle or a file with a chip program holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurotool.cli import choices
from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import FILE, force_option, output_options
from neurotool.cli.session import Session


@click.command(
    cls=Verb, epilog=examples("neurotool inspect model", "neurotool inspect model --placement --map cores.png")
)
@click.argument("model", type=FILE)
@click.option("--placement", is_flag=True, help="List the cores that it lies on.")
@click.option(
    "--chip",
    metavar="NAME",
    shell_complete=choices.chips,
    help="Chip to place on [the bundle's own; loihi2 for a file].",
)
@click.option("--chips", type=click.IntRange(min=1), metavar="N", help="Most chips to use [as many as needed].")
@click.option("--placement-seconds", type=click.FloatRange(min=0), default=0.0, metavar="S",
              help="Search this long for a better placement.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the search.")
@click.option("--map", "core_map", type=FILE, metavar="FILE",
              help="Draw a map of the cores (.png, .svg, .pdf).")  # fmt: skip
@force_option
@output_options
@click.pass_obj
def inspect(session: Session, /, model: Path, **options: Any) -> None:
    """Show what MODEL holds: a bundle, or a NetX file (.net).

    First makes sure that no file of a bundle is missing, truncated or edited. Nothing is written but the file of --map.
    The options other than --placement go with it; a bundle's own placement is shown where none of them asks for
    another.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import inspected
    from neurotool.cli.placement_answer import inspected_placement
    from neurotool.cli.program_answer import inspected_program

    found = pipeline.look(model, **options)
    if isinstance(found, pipeline.PlacementResult):
        session.answer(*inspected_placement(model, found.placements, found.maps))
    elif isinstance(found, pipeline.Inspection):
        session.answer(*inspected(found))
    else:
        session.answer(*inspected_program(model, found.program))
