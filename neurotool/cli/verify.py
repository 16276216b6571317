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
    refuse_repeats,
)
from neurotool.cli.session import Session
from neurotool.errors import UsageError


def _read_forms(context: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """Forms to compare, each by the name that is shown."""
    names = read_names(context, option, text)
    return None if names is None else tuple(_shown(name) for name in names)


def _read_limits(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """Numbers of samples by form; one that is given alone is that of every form."""
    limits: list[tuple[str, int]] = []
    for text in given:
        name, equals, number = text.rpartition("=")
        if bool(name) is not bool(equals) or not number.isdecimal() or int(number) < 1:
            raise UsageError(
                f"--limit: {text!r} is neither N nor NAME=N", hint="write, for example, --limit 100 or --limit lava=100"
            )
        limits.append((_shown(name) if name else choices.EVERY_FORM, int(number)))
    refuse_repeats("--limit", given, "form", [name for name, _number in limits])
    return dict(limits)


def _shown(form: str) -> str:
    return "loihi" if form == choices.ENGINE else form


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
    help="What to compare, of source, float, loihi (or engine), lava [all that the bundle has]; one "
    "alone beside loihi.",
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
            force=force,
            timeout=timeout,
            progress=progress,
        )
    session.answer(*verified(bundle, data, result), code=0 if result.certificate.passed else 1)
