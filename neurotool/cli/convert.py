"""``neurotool convert``: a model to a bundle."""

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
from neurotool.cli.precision import precision_options
from neurotool.cli.session import Session

CALIBRATION = "calibration data"
"""What ``--verify`` takes where no file is named."""


@click.command(
    cls=Verb,
    epilog=examples(
        "neurotool convert my_models:trained --calib data.npz --out model",
        "neurotool convert net.nir --dt 1ms --calib data.npz --weight-bits 'hidden=16' --verify --out model",
        "neurotool convert my_models:trained --calib data.npz --objective energy --max-latency 5ms --out model",
    ),
)
@click.argument("source")
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="Bundle to write.")
@conversion_options
@cutting_options
@headed(
    "What runs where",
    "--chips",
    type=click.IntRange(min=1),
    metavar="N",
    help="Most chips to place on [as many as needed].",
)
@headed("What runs where", "--placement-seconds", type=click.FloatRange(min=0), default=0.0, metavar="S",
        help="Search this long for a better placement.")  # fmt: skip
@precision_options
@click.option("--verify", "proof", is_flag=False, flag_value=CALIBRATION, metavar="[FILE]",
              help="Verify the bundle without Lava, on the calibration data or on FILE.")  # fmt: skip
@encoding_options
@force_option
@output_options
@click.pass_obj
def convert(session: Session, /, source: str, out: Path, proof: str | None, **choices: Any) -> None:
    """Convert SOURCE into a bundle.

    Splits it, quantises the spiking half, places that on a chip, and exports the dense half. With --verify, ends with 1
    when the bundle does not agree with the source.

    SOURCE is package.module:factory, which is imported and called, or a .nir file.
    """
    from neurotool import pipeline
    from neurotool.cli.answers import checked, converted

    options = conversion(choices)
    with session.progress() as progress:
        if proof is None:
            result = pipeline.convert(source, out, options, progress=progress)
            answer, code = converted(result), 0
        else:
            data = None if proof == CALIBRATION else Path(proof)
            result, verified = pipeline.convert_and_verify(source, out, options, data, progress)
            answer, code = checked(result, verified), 0 if verified.certificate.passed else 1
    session.answer(*answer, diagnostics=result.diagnostics, code=code)
