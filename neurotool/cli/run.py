"""``neurotool run``: both halves of a bundle as one model."""

from __future__ import annotations

from pathlib import Path

import click

from neurotool.cli.options import FILE, encoding_options, force_option, input_option, limit_option, output_options
from neurotool.cli.outputs import check, write
from neurotool.cli.session import Session


def _names(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


@click.command()
@click.argument("bundle", type=FILE)
@input_option
@encoding_options
@click.option(
    "--target",
    default="loihi",
    show_default=True,
    metavar="NAME",
    help="What runs the spiking half: loihi, lava, gpu (the float reference), or a plug-in.",
)
@click.option("--probe", "probes", callback=_names, metavar="NAMES", help="States to record, such as u,v.")
@limit_option("Run only the first N samples.")
@click.option("--strict", is_flag=True, help="Stop where a chip could not hold a value.")
@click.option("-o", "--out", type=FILE, metavar="FILE", help="Also write the outputs, as .npz or .h5.")
@force_option
@output_options
@click.pass_obj
def run(session: Session, /, bundle: Path, data: Path, out: Path | None, target: str, encode: str | None,
        steps: int | None, probes: tuple[str, ...], limit: int | None, strict: bool, force: bool) -> None:  # fmt: skip
    """Run both halves of BUNDLE on samples.

    The recording is kept in the bundle.
    """
    if out is not None:
        check(out, force)
    from neurotool import pipeline
    from neurotool.cli.answers import ran

    with session.progress() as progress:
        result = pipeline.run(
            bundle, data, target=target, encode=encode, steps=steps, probes=probes, limit=limit, strict=strict,
            progress=progress,
        )  # fmt: skip
    if out is not None:
        write(out, result.outputs)
    session.answer(*ran(bundle, data, result))
