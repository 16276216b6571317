"""``neurotool partition``: what would run where, why, and what it costs; writes nothing but a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurotool.cli.cutting import cutting_options
from neurotool.cli.headings import Verb, examples, headed
from neurotool.cli.options import (
    FILE,
    conversion,
    conversion_options,
    encoding_options,
    force_option,
    output_options,
)
from neurotool.cli.session import Session


@click.command(
    cls=Verb,
    epilog=examples(
        "neurotool partition my_models:trained",
        "neurotool partition my_models:trained --calib data.npz --objective energy --pareto --figure cuts.png",
        "neurotool partition my_models:trained --explain encoder.1",
    ),
)
@click.argument("source")
@conversion_options
@cutting_options
@headed(
    "What runs where", "--chips", type=click.IntRange(min=1), metavar="N", help="Most chips to use [as many as needed]."
)
@encoding_options
@click.option("--pareto", is_flag=True, help="Show all cuts that no other beats in energy, latency and accuracy.")
@headed("Data", "--input", "data", type=FILE, metavar="FILE",
        help="Labelled samples to find accuracies with [those of --calib].")  # fmt: skip
@click.option("--figure", type=FILE, metavar="FILE", help="Draw the cuts of --pareto (.png, .svg or .pdf).")
@click.option("--explain", "node", metavar="NODE", help="Say why a node is where it is, and what the other side costs.")
@force_option
@output_options
@click.pass_obj
def partition(
    session: Session, /, source: str, pareto: bool, data: Path | None, figure: Path | None, node: str | None,
    **choices: Any,
) -> None:  # fmt: skip
    """Show what of SOURCE would run where.

    Gives the reason for every node, and what this cut costs beside others.

    SOURCE is package.module:factory, which is imported and called, or a .nir file.
    """
    from neurotool import pipeline
    from neurotool.cli.partition_answer import explained, partitioned
    from neurotool.pipeline.runs import result_files

    if figure is not None:
        result_files.check(figure, choices["force"], "--figure", result_files.FIGURES)
    options = conversion(choices)
    with session.progress() as progress:
        result = pipeline.partition(
            source, options, pareto=pareto or figure is not None, data=data, figure=figure, progress=progress
        )
    if node is not None:
        session.answer(*explained(source, result, node))
    else:
        session.answer(*partitioned(source, result, options, detailed=session.verbosity > 0))
