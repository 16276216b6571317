"""What a Python session gives for an option, made what the pipeline takes: text becomes paths, times and names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from functools import partial
from inspect import Parameter, signature
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from neurotool.errors import UsageError
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.energy.options import EnergyOptions
from neurotool.pipeline.samples import Encode
from neurotool.units import parse_time
from neurotool.written import read_coding, read_encode, read_limits, read_weight_bits

Name = str | PathLike[str]
"""A path, as text or as an object."""

Names = str | Iterable[str]
"""Several names, or text with one name or with several between commas, as on the command line."""

Verb = TypeVar("Verb", bound=Callable[..., Any])


def path_of(name: Name | None, option: str = "") -> Path | None:
    """A path, or None for none.

    Raises:
        UsageError: It is none.
    """
    return None if name is None else file_of(name, option)


def file_of(name: Name, option: str = "") -> Path:
    """A path that must be there.

    Args:
        name: What was given.
        option: Option that it was given with, for the error message.

    Raises:
        UsageError: It is none. Samples in memory are no file, and have none whose digest a bundle could keep.
    """
    try:
        return Path(name)
    except TypeError:
        pass
    said = f"{option}: " if option else ""
    if _holds_samples(name):
        kind = f"{type(name).__module__.partition('.')[0]}.{type(name).__name__}".removeprefix("builtins.")
        hint = 'write one with neurotool.data.save("data.npz", x, y), and give its name'
        raise UsageError(f"{said}a {kind} is not the name of a data file", hint=hint)
    raise UsageError(f"{said}{name!r} is not the name of a file", hint="give text, or a path")


def _holds_samples(given: object) -> bool:
    return isinstance(given, Mapping | list | tuple) or hasattr(given, "__array__")


def flag_of(given: Any, option: str) -> bool:
    """Whether something is asked for.

    Raises:
        UsageError: It is neither true nor false.
    """
    if not isinstance(given, bool | np.bool_):
        raise UsageError(f"{option}: {given!r} is neither True nor False")
    return bool(given)


def name_of(given: Any, option: str) -> str:
    """A name, or a path as text.

    Raises:
        UsageError: It is neither.
    """
    if not isinstance(given, str | PathLike):
        raise UsageError(f"{option}: {given!r} is not a name")
    return str(fspath(given))


def number_of(given: Any, kind: type[int] | type[float] = int) -> Any:
    """A number that is written as text; all else is left to whoever knows its limits."""
    if isinstance(given, str):
        try:
            return kind(given)
        except ValueError:
            return given
    return given


def texts_of(given: Any, option: str) -> tuple[str, ...]:
    """What the command line is given once or several times: text, or several in a list.

    Raises:
        UsageError: It is something else.
    """
    each = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list | tuple) else None
    if each is None or not all(isinstance(text, str) for text in each):
        raise UsageError(f"{option}: {given!r} is neither text nor a list of texts")
    return each


def encode_of(given: Any) -> Encode:
    """An encoder, or several by the name of their input.

    Raises:
        UsageError: It is none.
    """
    if given is None:
        return None
    return _by_name(given, "--encode") if isinstance(given, Mapping) else read_encode(texts_of(given, "--encode"))


def limits_of(given: Any) -> Any:
    """Numbers of samples by form, or one for all."""
    if isinstance(given, Mapping):
        return {name: number_of(number) for name, number in given.items()}
    return read_limits(texts_of(given, "--limit")) if isinstance(given, str | list | tuple) else given


def _by_name(given: Mapping[Any, Any], option: str) -> dict[str, str]:
    if not all(isinstance(text, str) for pair in given.items() for text in pair):
        raise UsageError(f"{option}: {given!r} does not give each name a text")
    return dict(given)


def names_of(given: Names, option: str) -> tuple[str, ...]:
    """Names of which the command line takes a list between commas.

    Raises:
        UsageError: They are none.
    """
    each = given.split(",") if isinstance(given, str) else given
    if not isinstance(each, Iterable) or isinstance(each, Mapping):
        raise UsageError(f"{option}: {given!r} is no list of names", hint='give such as "u,v", or ["u", "v"]')
    return tuple(name.strip() for name in texts_of(list(each), option) if name.strip())


def seconds_of(time: Any, option: str) -> float | None:
    """A time in seconds, or None for none.

    Args:
        time: Seconds, or text with a unit.
        option: Name of the option, for the error message.

    Raises:
        UsageError: It is no time, or not greater than zero.
    """
    if time is None or isinstance(time, str):
        return None if time is None else parse_time(time, what=option)
    if not isinstance(time, int | float | np.number) or not 0.0 < float(time) < math.inf:
        raise UsageError(f"{option}: {time!r} is not a time", hint=f'give seconds, or text such as {option}="1ms"')
    return float(time)


def model_of(model: object) -> object:
    """A model; a path becomes the text by which converters know it."""
    return fspath(model) if isinstance(model, PathLike) else model


def taking(options: type[Any]) -> Callable[[Verb], Verb]:
    """Let a function that takes the fields of a dataclass by name say so in its signature, as ``help()`` shows it."""

    def decorate(verb: Verb) -> Verb:
        known = signature(verb).parameters
        own = [each for each in known.values() if each.kind is not Parameter.VAR_KEYWORD]
        more = [
            Parameter(each.name, Parameter.KEYWORD_ONLY, default=_default(each))
            for each in fields(options)
            if each.name not in (*known, *_WITH_ANOTHER)
        ]
        vars(verb)["__signature__"] = signature(verb).replace(parameters=[*own, *more])
        return verb

    return decorate


def conversion(given: Mapping[str, Any], example: Any = None) -> ConvertOptions:
    """Options of a conversion or a cut, by name.

    Args:
        given: Values of fields of :class:`ConvertOptions`. Times are seconds or text with a unit (``"1ms"``); a single
            pattern may stand alone; ``weight_bits`` is a width, text such as ``"hidden=16"``, several of these in a
            list, or a mapping of patterns to widths.
        example: Input to trace a module with: an array or tensor, or several by name.

    Raises:
        UsageError: There is no such option, or a value is none of its kind.
    """
    made = _read(ConvertOptions, _CONVERSION, given)
    widths = _widths(made.pop("weight_bits")) if "weight_bits" in made else {}
    return ConvertOptions(**made, **widths, example=_arrays(example))


def costing(given: Mapping[str, Any]) -> EnergyOptions:
    """Options of an estimate, by name.

    Args:
        given: Values of fields of :class:`EnergyOptions`; a single file may stand alone where several are taken.

    Raises:
        UsageError: There is no such option.
    """
    return EnergyOptions(**_read(EnergyOptions, _ENERGY, given))


def _read(kind: type[Any], readers: Mapping[str, Callable[[Any], Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    known = [each.name for each in fields(kind) if each.name not in _WITH_ANOTHER]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(f"there is no option {', '.join(unknown)}", hint=f"options: {', '.join(known)}")
    return {name: readers[name](value) if name in readers else value for name, value in given.items()}


def _patterns(given: Names, option: str) -> tuple[str, ...]:
    # Text is one pattern: its characters are none, and a pattern may hold commas, as in "[a,b]*".
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise UsageError(
            f"{option}: {given!r} is no pattern of node names",
            hint='give such as "encoder.*", or several in a list',
        )
    return texts_of(given if isinstance(given, str) else list(given), option)


def _paths(given: Name | Iterable[Name], option: str) -> tuple[Path, ...]:
    if isinstance(given, str | PathLike) or not isinstance(given, Iterable):
        return (file_of(given, option),)
    return tuple(file_of(name, option) for name in given)


def _widths(given: Any) -> dict[str, Any]:
    """Width of the weights and of the layers, as the fields that keep them."""
    if isinstance(given, str | list | tuple):
        default, layers = read_weight_bits(texts_of(given, "--weight-bits"))
        return {"weight_bits": default, "layer_bits": layers}
    if isinstance(given, Mapping):
        return {"layer_bits": tuple((pattern, number_of(bits)) for pattern, bits in given.items())}
    return {"weight_bits": given}


def _codings(given: Any) -> dict[str, str]:
    return _by_name(given, "--coding") if isinstance(given, Mapping) else read_coding(texts_of(given, "--coding"))


def _text(name: Name | None, option: str) -> str | None:
    return None if name is None else name_of(name, option)


def _arrays(example: Any) -> Any:
    """Tensors and lists as arrays."""
    if isinstance(example, Mapping):
        return {name: np.asarray(value) for name, value in example.items()}
    return None if example is None else np.asarray(example)


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _each(read: Callable[[Any, str], Any], *names: str) -> dict[str, Callable[[Any], Any]]:
    """Readers that are told the option of which they read the value, by its name in Python."""
    return {name: _telling(read, f"--{name.replace('_', '-')}") for name in names}


def _telling(read: Callable[[Any, str], Any], option: str) -> Callable[[Any], Any]:
    return lambda given: read(given, option)


_WITH_ANOTHER = ("layer_bits", "example")
"""Fields that are given as part of another option, or apart from the options."""

_WHOLE, _REAL = number_of, partial(number_of, kind=float)

_CONVERSION: Mapping[str, Callable[[Any], Any]] = {
    "dt": partial(seconds_of, option="dt"),
    "max_latency": partial(seconds_of, option="max_latency"),
    "encode": encode_of,
    "coding": _codings,
    **_each(path_of, "calib", "fine_tune"),
    **_each(_patterns, "spiking", "dense"),
    **_each(flag_of, "force", "sensitivity"),
    **_each(name_of, "chip", "device", "objective", "scale_from"),
    **_each(_text, "convention"),
    **dict.fromkeys(("steps", "seed", "chips", "search_scales", "fine_tune_epochs"), _WHOLE),
    **dict.fromkeys(("placement_seconds", "learning_rate", "min_accuracy", "cut_seconds"), _REAL),
}
_ENERGY: Mapping[str, Callable[[Any], Any]] = {
    "seed": _WHOLE,
    **_each(_paths, "constants", "compare_with"),
    **_each(path_of, "figures", "neurobench", "accuracies"),
    **_each(flag_of, "compare", "plot", "force"),
    **_each(name_of, "device"),
    **_each(_text, "chip", "gpu", "cross_check"),
}
