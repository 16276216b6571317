"""``neurotool inspect``: what a bundle or a file with a chip program holds."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli import choices
from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import FILE, output_options
from neurotool.cli.session import Session
from neurotool.errors import UsageError


@click.command(
    cls=Verb, epilog=examples("neurotool inspect model", "neurotool inspect model --placement --chip loihi1")
)
@click.argument("model", type=FILE)
@click.option("--placement", is_flag=True, help="List the cores that it lies on, and draw a map of them.")
@click.option(
    "--chip",
    metavar="NAME",
    shell_complete=choices.chips,
    help="Chip to place on [the bundle's own; loihi2 for a file].",
)
@click.option("--chips", type=click.IntRange(min=1), metavar="N", help="Most chips to use [as many as needed].")
@click.option("--placement-seconds", "seconds", type=click.FloatRange(min=0), default=0.0, metavar="S",
              help="Search this long for a better placement.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the search.")
@click.option("--map", "core_map", type=FILE, metavar="FILE",
              help="Picture of the cores to write [core-map.png].")  # fmt: skip
@output_options
@click.pass_obj
def inspect(
    session: Session,
    /,
    model: Path,
    placement: bool,
    chip: str | None,
    chips: int | None,
    seconds: float,
    seed: int,
    core_map: Path | None,
) -> None:
    """Show what MODEL holds: a bundle, or a NetX file (.net).

    First makes sure that no file of a bundle is missing, truncated or edited. The options other than --placement go
    with it; a bundle's own placement is shown where none of them asks for another.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import inspected
    from neurotool.cli.placement_answer import inspected_placement
    from neurotool.cli.program_answer import inspected_program

    given = {"--chip": chip, "--chips": chips, "--placement-seconds": seconds or None, "--map": core_map}
    lone = [name for name, value in given.items() if value is not None]
    if lone and not placement:
        raise UsageError(f"{lone[0]} goes with --placement", hint="add --placement")
    if placement:
        target, found = pipeline.placements(model, chip=chip, chips=chips, seconds=seconds, seed=seed)
        session.answer(
            *inspected_placement(model, found, pipeline.draw_cores(found, target, core_map or Path("core-map.png")))
        )
    elif pipeline.program_format(model) is None:
        session.answer(*inspected(pipeline.inspect(model)))
    else:
        session.answer(*inspected_program(model, pipeline.read_program(model)))
