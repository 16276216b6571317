"""``neurotool run``: both halves of a bundle as one model, or a chip program that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurotool.cli import choices, outputs
from neurotool.cli.headings import Verb, examples
from neurotool.cli.options import FILE, encoding_options, force_option, input_option, limit_option, output_options
from neurotool.cli.session import Session
from neurotool.errors import UsageError


def _names(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


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
@click.option("--probe", "probes", callback=_names, metavar="NAMES", help="States to record, such as u,v.")
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
def run(session: Session, /, model: Path, data: Path, out: Path | None, save_state: Path | None, explain: bool,
        force: bool, **options: Any) -> None:  # fmt: skip
    """Run MODEL on samples: a bundle, or a NetX file (.net).

    A bundle keeps the recording. A NetX file is run as the chip program that it holds; --out writes its recording.
    """
    for path, name, suffixes in ((out, "--out", outputs.SUFFIXES), (save_state, "--save-state", (".h5",))):
        if path is not None:
            outputs.check(path, force, name, suffixes)
    from neurotool import pipeline
    from neurotool.cli.answers import ran
    from neurotool.cli.program_answer import ran_program

    options["keep_state"] = save_state is not None
    result: pipeline.RunResult | pipeline.ProgramRun
    with session.progress() as progress:
        if pipeline.program_format(model) is None:
            result = whole = pipeline.run(model, data, **options, progress=progress)
            answer = ran(model, data, whole, explain=explain)
        else:
            refuse_for_programs(model, options)
            result = alone = pipeline.run_program(model, data, **options, progress=progress)
            answer = ran_program(model, alone, out, explain=explain)
    if out is not None:
        outputs.write(out, result)
    if save_state is not None:
        outputs.write_states(save_state, result)
    session.answer(*answer)


def refuse_for_programs(model: Path, options: dict[str, Any]) -> None:
    """Take away the options that only a bundle knows, which has a dense half and may have several inputs.

    Raises:
        UsageError: One of them was given.
    """
    batch, compiled, encode = options.pop("batch"), options.pop("compiled"), options["encode"]
    given = {"--batch": batch is not None, "--compile": compiled, "--encode NAME=ENCODER": isinstance(encode, dict)}
    wrong = [name for name, there in given.items() if there]
    if wrong:
        raise UsageError(f"{model}: {wrong[0]} is for bundles; a program stands alone and has one input")
