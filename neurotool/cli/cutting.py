"""Options that choose a cut, shared by ``partition`` and ``convert``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from neurotool.cli import choices
from neurotool.cli.headings import headed
from neurotool.cli.options import read_time

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


_OPTIONS = (
    headed("What runs where", "--objective", type=click.Choice(["chip", "energy", "latency", "edp"]), default="chip",
           show_default=True,
           help="What to cut by: everything on the chip that can run there, or the least energy, latency or "
           "product of both."),
    headed("What runs where", "--device", default="cpu-generic", show_default=True, metavar="NAME",
           shell_complete=choices.devices,
           help="What the dense half runs on, for what a cut costs."),
    headed("What runs where", "--max-latency", callback=read_time, metavar="TIME",
           help="Longest time of an inference, such as 5ms."),
    headed("What runs where", "--min-accuracy", type=click.FloatRange(0, 1), metavar="SHARE",
           help="Least accuracy of the converted model on labelled samples, such as 0.9."),
    headed("What runs where", "--cut-seconds", type=click.FloatRange(min=0), default=10.0, show_default=True,
           metavar="S", help="Search this long for the best cut."),
)  # fmt: skip


def cutting_options(function: Decorated) -> Decorated:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
