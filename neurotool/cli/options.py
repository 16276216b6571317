"""Options that several verbs share, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from neurotool.cli.session import Session
from neurotool.ir.convention import CONVENTIONS
from neurotool.units import parse_time

if TYPE_CHECKING:
    from neurotool.pipeline import ConvertOptions

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


FILE = click.Path(path_type=Path)
"""A path that the verb's stage checks, so that every way in gives the same message."""


def _parse_time(_: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    return None if text is None else parse_time(text, what=parameter.opts[-1])


def _complete_encodings(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from neurotool.data import ENCODINGS

    return [name for name in ENCODINGS if name.startswith(incomplete)]


def _set_json(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    ctx.ensure_object(Session).json |= wanted


def _set_verbosity(ctx: click.Context, _: click.Parameter, times: int) -> None:
    ctx.ensure_object(Session).verbosity += times


def _set_quiet(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.ensure_object(Session).verbosity = -1


_OUTPUT = (
    click.option("--json", is_flag=True, expose_value=False, is_eager=True, callback=_set_json,
                 help="Print the result as one JSON object."),
    click.option("-v", "--verbose", count=True, expose_value=False, is_eager=True, callback=_set_verbosity,
                 help="Say more; twice shows the traceback of an internal error."),
    click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_set_quiet,
                 help="Print only results and errors."),
)  # fmt: skip
_CONVERSION = (
    click.option("--dt", callback=_parse_time, metavar="TIME",
                 help="Length of a time step, such as 1ms [the source's own]."),
    click.option("--convention", metavar="NAME",
                 help="Discrete meaning of the neuron equations, where the source does not say: "
                      f"{', '.join(CONVENTIONS)}."),
    click.option("--calib", type=FILE, metavar="FILE",
                 help="Samples to choose scales with: .npz or .h5 with x and optional y."),
    click.option("--weight-bits", type=click.IntRange(1, 16), default=8, show_default=True,
                 help="Width of weights; above 8 by two synapses each."),
    click.option("--chip", default="loihi2", show_default=True, help="Chip to place the spiking half on."),
    click.option("--spiking", multiple=True, metavar="PATTERN",
                 help="Nodes to put on the spiking side, such as 'encoder.*'; may be given again."),
    click.option("--dense", multiple=True, metavar="PATTERN", help="Nodes to put on the dense side."),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of whatever is drawn."),
)  # fmt: skip
_ENCODING = (
    click.option("--encode", metavar="constant|rate|latency|graded", shell_complete=_complete_encodings,
                 help="How samples without a time axis become spikes."),
    click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Time steps to encode into."),
)  # fmt: skip


def _stack(options: tuple[Callable[[Any], Any], ...]) -> Callable[[Decorated], Decorated]:
    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


output_options = _stack(_OUTPUT)
conversion_options = _stack(_CONVERSION)
encoding_options = _stack(_ENCODING)
input_option = click.option(
    "--input", "data", type=FILE, required=True, metavar="FILE", help="Samples: .npz or .h5 with x and optional y."
)
force_option = click.option("--force", is_flag=True, help="Replace what is there.")


def limit_option(text: str) -> Callable[[Decorated], Decorated]:
    """Option ``--limit N`` for the number of samples."""
    return click.option("--limit", type=click.IntRange(min=1), metavar="N", help=text)


def conversion(choices: dict[str, Any]) -> ConvertOptions:
    """Bundle what ``conversion_options``, ``encoding_options`` and ``force_option`` were given."""
    from neurotool.pipeline import ConvertOptions

    return ConvertOptions(**choices)
