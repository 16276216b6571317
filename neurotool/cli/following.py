"""What to run next: lines with the options that were given, in words that the command line reads as the same values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from neurotool.cli.summary.tables import next_command
from neurotool.data.encode import STATIC
from neurotool.units import write_time

if TYPE_CHECKING:
    from neurotool.ir.manifest import InputRecord, Manifest
    from neurotool.pipeline import ConvertOptions
    from neurotool.pipeline.samples import Encode

DATA, BUNDLE = "DATA.npz", "BUNDLE"
"""What stands for a file that nobody has named yet."""


def conversion(source: str, options: ConvertOptions, out: object = BUNDLE, *more: str) -> RenderableType:
    """The line that converts a source by some options.

    Args:
        source: Text that names it.
        options: All that shapes the bundle is written down; ``force``, which replaces files, is not carried over.
        out: The bundle.
        more: Further words.
    """
    return next_command(*conversion_words(source, options, out, *more))


def conversion_words(source: str, options: ConvertOptions, out: object = BUNDLE, *more: str) -> list[str]:
    """Words of that line."""
    from neurotool.pipeline import ConvertOptions

    usual = ConvertOptions()
    words = ["neurotool", "convert", source, "--calib", str(options.calib or DATA)]
    for each in fields(options):
        value = getattr(options, each.name)
        if each.name not in _ELSEWHERE and value != getattr(usual, each.name):
            write = _WRITERS.get(each.name, _plain)
            words += write(f"--{each.name.replace('_', '-')}", value)
    words += reading(options.encode, options.steps if options.calib or options.encode else None)
    return [*words, *more, "--out", str(out)]


def reading(encode: Encode, steps: int | None, limit: int | None = None) -> list[str]:
    """Options that say how a data file is read. Samples that have a time axis say themselves how long it is."""
    encoders = {"": encode} if isinstance(encode, str) else dict(encode or {})
    words = []
    for name, encoder in encoders.items():
        words += ["--encode", f"{name}={encoder}" if name else encoder]
    words += [] if steps is None else ["--steps", str(steps)]
    return words + ([] if limit is None else ["--limit", str(limit)])


def closer_look(bundle: Path, manifest: Manifest) -> RenderableType:
    """What to run after a verdict of no: the same conversion, made to say which layer loses most.

    A source that only a Python session knows cannot be named on a command line: the bundle says what is in it.
    """
    from neurotool.pipeline.adapters import can_be_read_again

    if not can_be_read_again(manifest.source.spec):
        return next_command("neurotool", "inspect", str(bundle))
    return conversion(manifest.source.spec, options_of(manifest), bundle, "--sensitivity", "--force")


def options_of(manifest: Manifest) -> ConvertOptions:
    """Options of the conversion that made a bundle, as far as they shape it; without a table of sensitivities."""
    from neurotool.ir.partition import Side
    from neurotool.pipeline import ConvertOptions

    kept = {name: value for name, value in manifest.options if value is not None}
    given = {each.name: kept[each.name] for each in fields(ConvertOptions) if each.name in kept}
    given |= {str(side): tuple(kept["patterns"].get(side, ())) for side in Side}
    given |= _encoding(manifest.inputs) | {"sensitivity": False}
    if not manifest.source.can_run:  # a file; a module says both itself
        given |= {"dt": manifest.dt, "convention": manifest.convention.name}
    if manifest.calibration is not None:
        given["calib"] = Path(manifest.calibration.path)
    if manifest.tuning is not None:
        tuning = manifest.tuning
        given |= {"fine_tune": Path(tuning.path), "fine_tune_epochs": tuning.epochs}
        given |= {"learning_rate": tuning.learning_rate}
    return ConvertOptions(**given)


def _encoding(inputs: tuple[InputRecord, ...]) -> dict[str, Any]:
    encoders = {record.name: record.encode for record in inputs if record.encode is not None}
    steps = [record.steps for record in inputs if record.encode not in (None, STATIC)]
    encode = encoders.get(inputs[0].name) if len(inputs) == 1 else encoders or None
    return {"encode": encode, "steps": steps[0] if steps else None}


def _plain(option: str, value: Any) -> list[str]:
    return [option, str(value)]


def _flag(option: str, _: bool) -> list[str]:
    return [option]


def _time(option: str, seconds: float) -> list[str]:
    return [option, write_time(seconds)]


def _each(option: str, values: tuple[str, ...]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _pairs(option: str, values: Mapping[str, str]) -> list[str]:
    return _each(option, tuple(f"{pattern}={value}" for pattern, value in values.items()))


def _layers(_: str, values: tuple[tuple[str, int], ...]) -> list[str]:
    return _pairs("--weight-bits", {pattern: str(bits) for pattern, bits in values})


_ELSEWHERE = ("calib", "encode", "steps", "force", "example")
"""Fields that are not written by the rule of the others: an example is an array, and stays in its session."""

_WRITERS: Mapping[str, Callable[[str, Any], list[str]]] = {
    "dt": _time,
    "max_latency": _time,
    "spiking": _each,
    "dense": _each,
    "coding": _pairs,
    "layer_bits": _layers,
    "sensitivity": _flag,
}
