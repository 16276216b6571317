"""``neurotool verify``: whether all ways of running a bundle agree."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli import choices
from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import FILE, encoding_options, input_option, output_options
from neurotool.cli.session import Session
from neurotool.errors import UsageError


def _parse_names(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_limits(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, int]:
    limits: dict[str, int] = {}
    for pair in pairs:
        name, equals, number = pair.partition("=")
        if not (name and equals and number.isdecimal() and int(number) > 0):
            raise UsageError(f"--limit: {pair!r} is not NAME=N", hint="write, for example, --limit lava=100")
        limits[name] = int(number)
    return limits


@click.command(
    cls=Verb,
    epilog=examples(
        "neurotool verify model --input data.npz",
        "neurotool verify model --input data.npz --against source,engine --figures figures",
    ),
)
@click.argument("bundle", type=FILE)
@input_option
@encoding_options
@click.option(
    "--against",
    shell_complete=choices.forms,
    callback=_parse_names,
    metavar="NAMES",
    help="What to compare, of source, float, engine, lava [all that the bundle has]; one alone beside the engine.",
)
@click.option(
    "--limit",
    "limits",
    shell_complete=choices.limited,
    multiple=True,
    callback=_parse_limits,
    metavar="NAME=N",
    help="Give one of them only the first N samples [lava=100, stages=100]; may be given again.",
)
@click.option(
    "--no-stages", is_flag=True, help="Do not look for the stage of the conversion that differences come from."
)
@click.option("--figures", type=FILE, metavar="DIR", help="Write the figures to DIR as well.")
@output_options
@click.pass_obj
def verify(
    session: Session,
    /,
    bundle: Path,
    data: Path,
    encode: str | dict[str, str] | None,
    steps: int | None,
    against: tuple[str, ...],
    limits: dict[str, int],
    no_stages: bool,
    figures: Path | None,
) -> None:
    """Compare all ways of running BUNDLE.

    Runs them on the same samples and compares spike by spike, each with the one before it. Ends with 1 when something
    disagrees by more than its tolerance. Then runs the model as it is after each stage of the conversion, and names the
    stage that the differences come from. The certificate and its figures are kept in the bundle.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import verified

    with session.progress() as progress:
        result = pipeline.verify(
            bundle,
            data,
            encode=encode,
            steps=steps,
            against=against,
            limits=limits,
            stages=not no_stages,
            figures=figures,
            progress=progress,
        )
    session.answer(*verified(bundle, data, result), code=0 if result.certificate.passed else 1)
