"""``neurotool estimate-energy``: joules per inference, with bands and sources."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli.options import FILE, encoding_options, input_option, limit_option, output_options
from neurotool.cli.session import Session


@click.command("estimate-energy")
@click.argument("bundle", type=FILE)
@input_option
@encoding_options
@click.option("--chip", metavar="NAME", help="Chip of the spiking half [the one the bundle is placed on].")
@click.option("--device", default="cpu-generic", show_default=True, metavar="NAME", help="Device of the dense half.")
@limit_option("Count only the first N samples.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the draws behind the bands."
)
@click.option("--plot/--no-plot", default=True, show_default=True, help="Draw the figure beside the report.")
@output_options
@click.pass_obj
def estimate_energy(
    session: Session,
    /,
    bundle: Path,
    data: Path,
    encode: str | None,
    steps: int | None,
    chip: str | None,
    device: str,
    limit: int | None,
    seed: int,
    plot: bool,
) -> None:
    """Estimate joules per inference of BUNDLE.

    Counts what it does on real samples; ``-v`` shows the arithmetic and its sources.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import costed

    with session.progress() as progress:
        result = pipeline.estimate_energy(
            bundle, data, encode=encode, steps=steps, chip=chip, device=device, limit=limit, seed=seed, plot=plot,
            progress=progress,
        )  # fmt: skip
    session.answer(*costed(bundle, result, detailed=session.verbosity > 0))
