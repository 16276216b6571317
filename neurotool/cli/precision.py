"""Options that say how a model is rounded to integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from neurotool.cli import choices
from neurotool.cli.headings import headed
from neurotool.cli.options import FILE

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_OPTIONS = (
    headed("Rounding", "--scale-from", default="max", show_default=True, metavar="max|percentile=P|mse",
           shell_complete=choices.ranges,
           help="Range of weights that each layer's mantissas cover: the largest weight, all but the largest "
           "few, or what is searched for the least squared error."),
    headed("Rounding", "--search-scales", type=click.IntRange(min=0), metavar="N",
           help="Scales to try on the calibration data for each recurrent component [8 with --calib]; 0 for "
           "none."),
    headed("Rounding", "--sensitivity", is_flag=True,
           help="Round one layer at a time and show what each costs, on the calibration data."),
    headed("Rounding", "--fine-tune", type=FILE, metavar="FILE",
           help="Train the rounded model on these samples: on their labels, or without such on the spikes of the "
           "float reference."),
    headed("Rounding", "--fine-tune-epochs", type=int, metavar="N",
           help="Passes over the samples of --fine-tune [10]."),
    headed("Rounding", "--learning-rate", type=float, metavar="SHARE",
           help="Step of the training, as a share of the size of each layer's weights [0.0005]."),
)  # fmt: skip


def precision_options(function: Decorated) -> Decorated:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
