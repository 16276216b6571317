"""Options that several verbs share, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from neurotool.cli import choices
from neurotool.cli.headings import GENERAL, headed
from neurotool.cli.session import Session
from neurotool.errors import UsageError
from neurotool.ir.convention import CONVENTIONS
from neurotool.units import parse_time

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


def refuse_repeats(option: str, given: Sequence[str], what: str, names: Sequence[str] | None = None) -> None:
    """Refuse an option that is given twice for the same: the last one would win in silence.

    Args:
        option: The option.
        given: Its values.
        what: What each of them is for, in one word.
        names: Which one each is for, or None for what stands before its last equals sign.

    Raises:
        UsageError: Two are for the same.
    """
    names = [text.rpartition("=")[0] for text in given] if names is None else names
    if len(set(names)) < len(names):
        raise UsageError(f"{' '.join(f'{option} {value}' for value in given)}: says two things of one {what}")


def refuse_alone(partners: Mapping[str, str]) -> None:
    """Refuse options of the running command that say something about another one, which was not given.

    Args:
        partners: Parameter that the other one is, by parameter.

    Raises:
        UsageError: One was given alone.
    """
    context = click.get_current_context()
    for name, partner in partners.items():
        alone = context.get_parameter_source(name) is not ParameterSource.DEFAULT and not context.params[partner]
        if alone:
            option, other = (f"--{each.replace('_', '-')}" for each in (name, partner))
            raise UsageError(f"{option} goes with {other}", hint=f"add {other}")


WIDEST_WEIGHT = 16
"""Bits of the widest weight: two synapses of eight."""


def _parse_weight_bits(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """Widths by pattern, and the width of all else, as the fields of ``ConvertOptions``."""
    layers: list[tuple[str, int]] = []
    default = 8
    for text in given:
        pattern, _equals, bits = text.rpartition("=")
        if not bits.isdecimal() or not 1 <= int(bits) <= WIDEST_WEIGHT:
            raise UsageError(
                f"--weight-bits: {text!r} is no width of 1 to {WIDEST_WEIGHT} bits",
                hint="write 8, or such as hidden=16",
            )
        if pattern:
            layers.append((pattern, int(bits)))
        else:
            default = int(bits)
    refuse_repeats("--weight-bits", given, "pattern")
    return {"weight_bits": default, "layer_bits": tuple(layers)}


def _complete_encodings(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from neurotool.data import ENCODINGS, STATIC

    name, equals, start = incomplete.rpartition("=")
    return [f"{name}{equals}{one}" for one in (*ENCODINGS, STATIC) if one.startswith(start)]


def _parse_encode(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | dict[str, str] | None:
    """One encoder for the only input, or one for each that is named."""
    if not given:
        return None
    pairs = {name: encoder for name, _equals, encoder in (text.rpartition("=") for text in given)}
    refuse_repeats("--encode", given, "input")
    if "" not in pairs:
        return pairs
    if len(pairs) > 1:
        raise UsageError(f"--encode {pairs['']} does not say for which input", hint=f"--encode NAME={pairs['']}")
    return pairs[""]


def _parse_coding(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Codings by pattern of node names."""
    wishes = {}
    for text in given:
        pattern, _equals, coding = text.rpartition("=")
        if not pattern:
            raise UsageError(f"--coding: {text!r} is not NODE=CODING", hint="write such as encoder.2=rate")
        wishes[pattern] = coding
    refuse_repeats("--coding", given, "node")
    return wishes


def _set_json(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    ctx.ensure_object(Session).json |= wanted


def _set_verbosity(ctx: click.Context, _: click.Parameter, times: int) -> None:
    ctx.ensure_object(Session).verbosity += times


def _set_quiet(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.ensure_object(Session).verbosity = -1


_OUTPUT = (
    headed(GENERAL, "--json", is_flag=True, expose_value=False, is_eager=True, callback=_set_json,
           help="Print the result as one JSON object."),
    headed(GENERAL, "-v", "--verbose", count=True, expose_value=False, is_eager=True, callback=_set_verbosity,
           help="Say more; twice shows the traceback behind an error."),
    headed(GENERAL, "-q", "--quiet", is_flag=True, expose_value=False, callback=_set_quiet,
           help="Print only results and errors."),
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
