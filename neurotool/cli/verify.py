"""``neurotool verify``: whether all ways of running a bundle agree."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli import choices
from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import (
    FILE,
    encoding_options,
    force_option,
    input_option,
    output_options,
    read_names,
    read_time,
)
from neurotool.cli.session import Session
from neurotool.written import EVERY_FORM, form_of, read_limits


def _read_forms(context: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """Forms to compare, each by the name that is shown."""
    names = read_names(context, option, text)
    return None if names is None else tuple(form_of(name) for name in names)


def _read_limits(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    return read_limits(given)


@click.command(
    cls=Verb,
    epilog=examples(
        "neurotool verify model --input data.npz",
        "neurotool verify model --input data.npz --against source,loihi --limit 100 --figures figures",
    ),
)
@click.argument("bundle", type=FILE)
@input_option
@encoding_options
@click.option(
    "--against",
    shell_complete=choices.forms,
    callback=_read_forms,
    metavar="NAMES",
    help="What to compare, of source, float, loihi (or engine), lava [all that the bundle has, lava "
    "where it is installed]; one alone beside loihi.",
)
@click.option(
    "--limit",
    "limits",
    shell_complete=choices.limited,
    multiple=True,
    callback=_read_limits,
    metavar="N|NAME=N",
    help="Take only the first N samples; with a name, for that one or the stages [lava=100, stages=100]. May be given "
    "again.",
)
@click.option(
    "--no-stages", is_flag=True, help="Do not look for the stage of the conversion that differences come from."
)
@click.option("--figures", type=FILE, metavar="DIR", help="Write the figures to DIR as well.")
@click.option(
    "--timeout",
    callback=read_time,
    metavar="TIME",
    help="Give up a run on Lava, of each part, after TIME, such as 30min [when it makes no progress].",
)
@force_option
@output_options
@click.pass_obj
def verify(
    session: Session,
    /,
    bundle: Path,
    data: Path,
    encode: str | dict[str, str] | None,
    steps: int | None,
    against: tuple[str, ...] | None,
    limits: dict[str, int],
    no_stages: bool,
    figures: Path | None,
    timeout: float | None,
    force: bool,
) -> None:
    """Compare all ways of running BUNDLE.

    Runs them on the same samples and compares spike by spike, each with the one before it. Ends with 1 when something
    disagrees by more than its tolerance. Then runs the model as it is after each stage of the conversion, and names the
    stage that the differences come from. Where Lava is not installed, says so and how to install it, and compares the
    others. The certificate and its figures are kept in the bundle.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import verified
    from neurotool.cli.following import reading

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
            force=force,
            timeout=timeout,
            progress=progress,
        )
    read_by = reading(encode, steps, limits.get(EVERY_FORM))
    session.answer(*verified(bundle, data, result, read_by), code=0 if result.certificate.passed else 1)
