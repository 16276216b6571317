"""``neurotool calibrate``: the constants of this machine's GPU or CPU, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import FILE, force_option, output_options
from neurotool.cli.session import Session


@click.command(
    short_help="Measure this machine's GPU or CPU for estimates.",
    cls=Verb,
    epilog=examples("neurotool calibrate gpu --out my-gpu.yaml"),
)
@click.argument("kind", type=click.Choice(["gpu", "cpu"]))
@click.option("-o", "--out", type=FILE, required=True, metavar="FILE", help="Device file (.yaml) to write.")
@click.option("--index", type=click.IntRange(min=0), default=0, show_default=True, help="Which GPU.")
@click.option("--name", metavar="NAME", help="Name of the device [made of its title].")
@click.option(
    "--seconds", type=click.FloatRange(min=0.5), default=3.0, show_default=True, help="Least time of every run."
)
@click.option("--warm-up", type=click.FloatRange(min=0), default=5.0, show_default=True,
              help="Seconds of work before the first run.")  # fmt: skip
@click.option("--repeats", type=click.IntRange(min=2), default=5, show_default=True, help="Times to measure it all.")
@force_option
@output_options
@click.pass_obj
def calibrate(
    session: Session,
    /,
    kind: str,
    out: Path,
    index: int,
    name: str | None,
    force: bool,
    **plan: Any,
) -> None:
    """Measure this machine's GPU (NVML) or CPU (RAPL), and write a device file.

    Measures power when idle and active, energy per operation and per byte, rates, and the time of a kernel's launch;
    estimate-energy --device FILE takes the file. Nothing else should run meanwhile.
    """
    from neurotool import pipeline
    from neurotool.cli.calibrate_answer import measured

    with session.progress() as progress:
        result = pipeline.calibrate_device(
            "gpu" if kind == "gpu" else "cpu",
            out,
            plan=pipeline.Plan(**plan),
            index=index,
            name=name,
            force=force,
            progress=progress,
        )
    session.answer(*measured(result))
