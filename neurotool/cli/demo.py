"""``neurotool demo``: the whole way on a small example."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli.headings import Verb
from neurotool.cli.options import FILE, force_option, output_options
from neurotool.cli.session import Session


@click.command(cls=Verb)
@click.option(
    "-o",
    "--out",
    type=FILE,
    default=Path("neurotool-demo/digits"),
    show_default=True,
    metavar="DIR",
    help="Bundle to write; the data files are written beside it.",
)
@click.option(
    "--lava-samples",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="How many of the test samples the real Lava runs, where it is installed.",
)
@force_option
@output_options
@click.pass_obj
def demo(session: Session, /, out: Path, lava_samples: int, force: bool) -> None:  # fmt: skip
    """Go the whole way with a small example.

    Trains a hybrid network on handwritten digits, splits and converts it, runs it on Lava where that is installed,
    verifies and costs it.

    Takes about two minutes. Ends with 1 when something disagrees by more than its tolerance.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import demonstrated

    with session.progress() as progress:
        result = pipeline.demo(out, lava_samples=lava_samples, force=force, progress=progress)
    code = 0 if result.verified.certificate.passed else 1
    session.answer(*demonstrated(result), diagnostics=result.converted.diagnostics, code=code)
