"""``neurotool run``: both halves of a bundle as one model, or a chip program that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurotool.cli import choices
from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import (
    FILE,
    encoding_options,
    force_option,
    input_option,
    limit_option,
    output_options,
    read_names,
    read_time,
)
from neurotool.cli.session import Session


@click.command(
    cls=Verb,
    epilog=examples(
        "neurotool run model --input data.npz",
        "neurotool run model --input data.npz --target lava --limit 100",
        "neurotool run network.net --input data.npz --probe u,v --out trace.h5",
    ),
)
@click.argument("model", type=FILE)
@input_option
@encoding_options
@click.option(
    "--target",
    shell_complete=choices.targets,
    default="loihi",
    show_default=True,
    metavar="NAME",
    help="What runs the spiking half: loihi, lava, gpu (the float reference), or a plug-in.",
)
@click.option(
    "--probe", "probes", callback=read_names, default="", metavar="NAMES", help="States to record, such as u,v."
)
@limit_option("Run only the first N samples.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="N",
    help="Run N samples at a time, torch on one batch while the chip side runs the next [all at once].",
)
@click.option("--compile", "compiled", is_flag=True, help="Compile the dense half with torch.compile.")
@click.option("--strict", is_flag=True, help="Stop where a chip could not hold a value.")
@click.option("--explain", is_flag=True, help="Show how each population was computed, and why so.")
@click.option(
    "--timeout",
    callback=read_time,
    metavar="TIME",
    help="Give up a run on Lava, of each batch and part, after TIME, such as 30min [when it makes no progress].",
)
@click.option("--resume", type=FILE, metavar="FILE", help="Go on from where a run with --save-state stopped.")
@click.option("--save-state", type=FILE, metavar="FILE.h5", help="Write where the run stopped, to go on from there.")
@click.option(
    "-o",
    "--out",
    type=FILE,
    metavar="FILE",
    help="Also write the outputs of a bundle, or the recording of a program, as .npz or .h5.",
)
@force_option
@output_options
@click.pass_obj
def run(session: Session, /, model: Path, data: Path, out: Path | None, explain: bool, **options: Any) -> None:
    """Run MODEL on samples: a bundle, or a NetX file (.net).

    A bundle keeps the recording. A NetX file is run as the chip program that it holds; --out writes its recording.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import ran
    from neurotool.cli.following import reading
    from neurotool.cli.program_answer import ran_program

    with session.progress() as progress:
        result = pipeline.launch(model, data, out=out, **options, progress=progress)
    if isinstance(result, pipeline.ProgramRun):
        session.answer(*ran_program(model, result, out, explain=explain))
    else:
        read_by = reading(options["encode"], options["steps"], options["limit"])
        session.answer(*ran(model, data, result, read_by=read_by, explain=explain))
