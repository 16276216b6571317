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
from neurotool.pipeline.energy.estimate import EnergyOptions
from neurotool.pipeline.results import ConvertOptions
from neurotool.units import parse_time

Name = str | PathLike[str]
"""A path, as text or as an object."""

Names = str | Iterable[str]
"""Several names, or text with one name or with several between commas, as on the command line."""

Verb = TypeVar("Verb", bound=Callable[..., Any])


def path_of(name: Name | None) -> Path | None:
    """A path, or None for none."""
    return None if name is None else Path(name)


def names_of(given: Names) -> tuple[str, ...]:
    """Names of which the command line takes a list between commas."""
    each = given.split(",") if isinstance(given, str) else given
    return tuple(name.strip() for name in each if name.strip())


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
            if each.name not in known
        ]
        vars(verb)["__signature__"] = signature(verb).replace(parameters=[*own, *more])
        return verb

    return decorate


def conversion(given: Mapping[str, Any], example: Any = None) -> ConvertOptions:
    """Options of a conversion or a cut, by name.

    Args:
        given: Values of fields of :class:`ConvertOptions`. Times are seconds or text with a unit (``"1ms"``); a single
            pattern may stand alone; widths of layers are a mapping of patterns to bits, also as ``weight_bits``.
        example: Input to trace a module with: an array or tensor, or several by name.

    Raises:
        UsageError: There is no such option, or a value is none of its kind.
    """
    made = _read(ConvertOptions, _CONVERSION, given)
    if isinstance(made.get("weight_bits"), Mapping):
        made["layer_bits"] = (*made.get("layer_bits", ()), *made.pop("weight_bits").items())
    return ConvertOptions(**made, example=_arrays(example))


def costing(given: Mapping[str, Any]) -> EnergyOptions:
    """Options of an estimate, by name.

    Args:
        given: Values of fields of :class:`EnergyOptions`; a single file may stand alone where several are taken.

    Raises:
        UsageError: There is no such option.
    """
    return EnergyOptions(**_read(EnergyOptions, _ENERGY, given))


def _read(kind: type[Any], readers: Mapping[str, Callable[[Any], Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    known = [each.name for each in fields(kind)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(f"there is no option {', '.join(unknown)}", hint=f"options: {', '.join(known)}")
    return {name: readers[name](value) if name in readers else value for name, value in given.items()}


def _patterns(given: Names) -> tuple[str, ...]:
    # Text is one pattern: its characters are none, and a pattern may hold commas, as in "[a,b]*".
    return (given,) if isinstance(given, str) else tuple(given)


def _paths(given: Name | Iterable[Name]) -> tuple[Path, ...]:
    return (Path(given),) if isinstance(given, str | PathLike) else tuple(Path(each) for each in given)


def _widths(given: Any) -> tuple[tuple[str, int], ...]:
    return tuple(given.items() if isinstance(given, Mapping) else given)


def _text(name: Name | None) -> str | None:
    return None if name is None else fspath(name)


def _arrays(example: Any) -> Any:
    """Tensors and lists as arrays."""
    if isinstance(example, Mapping):
        return {name: np.asarray(value) for name, value in example.items()}
    return None if example is None else np.asarray(example)


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


_CONVERSION: Mapping[str, Callable[[Any], Any]] = {
    "dt": partial(seconds_of, option="dt"),
    "max_latency": partial(seconds_of, option="max_latency"),
    "calib": path_of,
    "fine_tune": path_of,
    "spiking": _patterns,
    "dense": _patterns,
    "layer_bits": _widths,
    "chip": _text,
    "device": _text,
}
_ENERGY: Mapping[str, Callable[[Any], Any]] = {
    "constants": _paths,
    "compare_with": _paths,
    "figures": path_of,
    "neurobench": path_of,
    "accuracies": path_of,
    "chip": _text,
    "device": _text,
    "gpu": _text,
}
