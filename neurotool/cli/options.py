"""Options that several verbs share, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from neurotool.cli import choices
from neurotool.cli.headings import GENERAL, headed
from neurotool.cli.session import Session
from neurotool.ir.convention import CONVENTIONS
from neurotool.units import parse_time
from neurotool.written import read_coding, read_encode, read_weight_bits

if TYPE_CHECKING:
    from neurotool.pipeline import ConvertOptions

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


FILE = click.Path(path_type=Path)
"""A path that the verb's stage checks, so that every way in gives the same message."""


def read_time(_: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Read the value of an option that is a time with its unit, as seconds.

    Raises:
        UsageError: It is no time.
    """
    return None if text is None else parse_time(text, what=parameter.opts[-1])


def read_names(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """Names between commas; None where the option is not given and has no default."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_weight_bits(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """Widths by pattern, and the width of all else, as the fields of ``ConvertOptions``."""
    default, layers = read_weight_bits(given)
    return {"weight_bits": default, "layer_bits": layers}


def _complete_encodings(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from neurotool.data import ENCODINGS, STATIC

    name, equals, start = incomplete.rpartition("=")
    return [f"{name}{equals}{one}" for one in (*ENCODINGS, STATIC) if one.startswith(start)]


def _parse_encode(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | dict[str, str] | None:
    return read_encode(given)


def _parse_coding(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    return read_coding(given)


def _set_json(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    ctx.ensure_object(Session).json |= wanted


def _set_verbosity(ctx: click.Context, _: click.Parameter, times: int) -> None:
    if times:
        session = ctx.ensure_object(Session)
        session.verbosity = max(0, session.verbosity) + times


def _set_quiet(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.ensure_object(Session).verbosity = -1


_OUTPUT = (
    headed(GENERAL, "--json", is_flag=True, expose_value=False, is_eager=True, callback=_set_json,
           help="Print the result as one JSON object."),
    headed(GENERAL, "-v", "--verbose", count=True, expose_value=False, is_eager=True, callback=_set_verbosity,
           help="Say more; twice shows the traceback behind an error."),
    headed(GENERAL, "-q", "--quiet", is_flag=True, expose_value=False, is_eager=True, callback=_set_quiet,
           help="Print only results and errors; of -q and -v the later counts."),
)  # fmt: skip
_CONVERSION = (
    headed("The model", "--dt", callback=read_time, metavar="TIME",
           help="Length of a time step, such as 1ms [the source's own]."),
    headed("The model", "--convention", metavar="NAME", shell_complete=choices.conventions,
           help="Discrete meaning of the neuron equations, where the source does not say: "
           f"{', '.join(CONVENTIONS)}."),
    headed("Data", "--calib", type=FILE, metavar="FILE",
           help="Samples to choose scales with: .npz or .h5 with x and optional y."),
    headed("Rounding", "--weight-bits", multiple=True, callback=_parse_weight_bits, metavar="N|PATTERN=N",
           help="Width of weights, 1 to 16 [8]; above 8 by two synapses each. Given again for layers, such "
           "as 'hidden=16'."),
    headed("What runs where", "--chip", default="loihi2", show_default=True, metavar="NAME",
           shell_complete=choices.chips, help="Chip to place the spiking half on: loihi2, loihi1, or a file (.yaml)."),
    headed("What runs where", "--spiking", multiple=True, metavar="PATTERN",
           help="Nodes to put on the spiking side, such as 'encoder.*'; may be given again."),
    headed("What runs where", "--dense", multiple=True, metavar="PATTERN",
           help="Nodes to put on the dense side; may be given again."),
    headed("What runs where", "--coding", multiple=True, callback=_parse_coding, metavar="NODE=CODING",
           help="How a value crosses: onto the chip constant, graded, rate or latency; from it raster, counts, "
           "weighted or membrane [by its use]."),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of whatever is drawn."),
)  # fmt: skip
_ENCODING = (
    headed("Data", "--encode", multiple=True, callback=_parse_encode, metavar="constant|rate|latency|graded|static",
           shell_complete=_complete_encodings,
           help="How samples without a time axis become spikes; static: they do not. For a model with several "
           "inputs NAME=ENCODER, given again for each."),
    headed("Data", "--steps", type=click.IntRange(min=1), metavar="N", help="Time steps to encode into."),
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
input_option = headed(
    "Data",
    "--input",
    "data",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Samples: .npz or .h5 with x, or an array for each input of the model, and optional y.",
)
force_option = click.option("--force", is_flag=True, help="Replace what is there.")


def limit_option(text: str) -> Callable[[Decorated], Decorated]:
    """Option ``--limit N`` for the number of samples."""
    return headed("Data", "--limit", type=click.IntRange(min=1), metavar="N", help=text)


def conversion(choices: dict[str, Any]) -> ConvertOptions:
    """Bundle what ``conversion_options``, ``encoding_options`` and ``force_option`` were given."""
    from neurotool.pipeline import ConvertOptions

    widths: dict[str, Any] = choices["weight_bits"]
    return ConvertOptions(**(choices | widths))
