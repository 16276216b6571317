"""``neurotool estimate-energy``: joules per inference, with bands and sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neurotool.cli import choices
from neurotool.cli.headings import Verb, examples, headed
from neurotool.cli.options import FILE, encoding_options, force_option, limit_option, output_options
from neurotool.cli.session import Session

DYNAMIC_NAMES = ("cores", "above-ready-idle", "above-leakage", "above-boot-idle")
"""Names of :data:`neurotool.energy.dynamic.DYNAMIC`, which the command line does not import before it runs."""


@click.command(
    "estimate-energy",
    short_help="Estimate joules per inference, with range and source.",
    cls=Verb,
    epilog=examples(
        "neurotool estimate-energy model --input data.npz",
        "neurotool estimate-energy model --input data.npz --compare --gpu h100-sxm",
        "neurotool estimate-energy --activity counts.json --chip loihi1",
    ),
)
@click.argument("bundle", type=FILE, required=False)
@headed("Data", "--input", "data", type=FILE, metavar="FILE", help="Samples: .npz or .h5 with x and optional y.")
@encoding_options
@headed(
    "Data", "--activity", type=FILE, metavar="FILE", help="Published counts (.json) in place of BUNDLE and --input."
)
@headed(
    "Constants",
    "--chip",
    metavar="NAME",
    shell_complete=choices.chips,
    help="Chip of the spiking half [the one the bundle is placed on].",
)
@headed(
    "Constants",
    "--device",
    default="cpu-generic",
    show_default=True,
    metavar="NAME",
    shell_complete=choices.devices,
    help="Device of the dense half.",
)
@headed(
    "Constants",
    "--constants",
    type=FILE,
    multiple=True,
    metavar="FILE",
    help="Constants (.yaml) of your own over the built-in ones; may be given again.",
)
@headed(
    "Constants",
    "--dynamic",
    type=click.Choice(DYNAMIC_NAMES),
    default="cores",
    show_default=True,
    help="Meaning of 'dynamic': events on the cores; the total less a chip that waits, configured; less what "
    "leaks; or less a chip after boot.",
)
@click.option("--explain", metavar="LAYER", help="Show the arithmetic of one layer with every constant and its source.")
@headed(
    "Comparison", "--compare", is_flag=True, help="Compare with the same task on a GPU: spiking, ANN and quantised ANN."
)
@headed(
    "Comparison",
    "--gpu",
    metavar="NAME",
    shell_complete=choices.devices,
    help="GPU of the comparison [h100-sxm].",
)
@click.option("--neurobench", type=FILE, metavar="FILE", help="Write counts in NeuroBench's terms (.json).")
@headed(
    "Comparison",
    "--cross-check",
    type=click.Choice(["sana-fe"]),
    help="Let SANA-FE, if it is installed, simulate the first sample on the same placement (Loihi 1).",
)
@headed(
    "Comparison", "--accuracies", type=FILE, metavar="FILE", help="Accuracies (.yaml) of the alternatives of --compare."
)
@headed("Comparison", "--compare-with", type=FILE, multiple=True, metavar="BUNDLE",
        help="Add the newest estimate of another bundle to --compare; may be given again.")  # fmt: skip
@limit_option("Count only the first N samples.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the draws behind the bands."
)
@click.option("--plot/--no-plot", default=True, show_default=True, help="Draw the figures beside the report.")
@click.option("--figures", type=FILE, metavar="FOLDER", help="Write the figures to FOLDER as well.")
@force_option
@output_options
@click.pass_obj
def estimate_energy(
    session: Session,
    /,
    bundle: Path | None,
    data: Path | None,
    activity: Path | None,
    encode: str | dict[str, str] | None,
    steps: int | None,
    limit: int | None,
    dynamic: str,
    explain: str | None,
    **choices: Any,
) -> None:
    """Estimate joules per inference of BUNDLE, or of published counts.

    Counts what BUNDLE does on real samples. Without --input the estimate rests on the mean spike rates of its
    calibration data. -v shows the arithmetic of all layers and its sources.
    """
    from neurotool import pipeline
    from neurotool.cli.energy_answer import costed

    options = pipeline.EnergyOptions(**choices)
    with session.progress() as progress:
        result = pipeline.estimate_from(
            bundle, data, activity, encode=encode, steps=steps, limit=limit, options=options, progress=progress
        )
    session.answer(*costed(bundle or activity, result, dynamic, explain, detailed=session.verbosity > 0))
