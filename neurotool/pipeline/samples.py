"""Data files as the inputs of a model: which array is read how, and what the model gets."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from neurotool import data
from neurotool.data import STATIC, Dataset, Reading, Samples
from neurotool.errors import NeurotoolWarning, UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.graph import Graph
from neurotool.ir.manifest import InputRecord
from neurotool.pipeline.adapters import example_of

Encode = str | Mapping[str, str] | None
"""Encoder of the only input, or encoders by input."""

EXAMPLE_SAMPLES = 4
"""Samples of the calibration data that a torch model is traced with."""


def check_encode(encode: Encode, steps: int | None) -> None:
    """Refuse encoders that are not told how many time steps to fill.

    Raises:
        UsageError: An encoder is given, and no number of steps.
    """
    given = [encode] if isinstance(encode, str) else list((encode or {}).values())
    encoders = [name for name in given if name != STATIC]
    if encoders and steps is None:
        raise UsageError(f"--encode {encoders[0]} needs a number of steps", hint="add --steps N")


def read_new(path: Path, encode: Encode, steps: int | None, seed: int) -> Samples:
    """Read a data file for a model whose inputs are not known yet.

    Args:
        path: Data file.
        encode: Encoders.
        steps: Number of time steps to encode into.
        seed: Seed of random encoders; each input draws by a number of its own.

    Raises:
        UsageError: The file is damaged, or the options do not fit it.
    """
    fields = data.input_fields(path)
    known = _encoders(encode, fields)
    seeds = {name: seed + number for number, name in enumerate(fields)}
    if steps is not None and not known:
        known = dict.fromkeys(fields[:1])  # the reader says that steps mean nothing here
    heard = _steps_heard(known, steps)
    readings = {name: Reading(method, heard[name], seeds[name]) for name, method in known.items()}
    return data.load_samples(path, readings)


def read_data(path: Path, records: Sequence[InputRecord], encode: Encode = None, steps: int | None = None) -> Samples:
    """Read a data file in the way the bundle was calibrated with, unless told otherwise.

    Args:
        path: Data file.
        records: Inputs of the bundle.
        encode: Encoders in place of those of the bundle.
        steps: Number of time steps in place of that of the bundle, for the inputs that are encoded.

    Raises:
        UsageError: The file is damaged, its arrays are not those that the model takes, or steps are given and no
            input is encoded.
    """
    names = [record.name for record in records]
    fields = dict(zip(names, data.input_fields(path, names), strict=True))
    wished = _encoders(encode, names)
    methods = {r.name: wished.get(r.name) or r.encode or (None if r.timed else STATIC) for r in records}
    heard = _steps_heard(methods, steps)
    readings = {}
    for record in records:
        method = methods[record.name]
        given = record.steps if steps is None and _encodes(method) else heard[record.name]
        peak = record.peak if method == record.encode and _encodes(method) else None
        readings[fields[record.name]] = Reading(method, given, record.seed, peak)
    found = data.load_samples(path, readings, names)
    for record in records:
        _check_shape(path, fields[record.name], record.name, record.shape, record.timed, found)
        _doubt_axes(path, fields[record.name], record, found)
    return found


def _doubt_axes(path: Path, field: str, record: InputRecord, samples: Samples) -> None:
    """Say that the first two axes look swapped. Without labels nothing can tell: it may be a run of another length."""
    found = samples.inputs[field]
    if found.timed and found.encode is None and record.steps == found.batch != found.steps:
        warnings.warn(
            f"{path}: {field} has {found.steps} time steps of {found.batch} samples, and the model was calibrated with "
            f"{record.steps} time steps; if the first axis is the batch, transpose to [time, batch, ...]",
            NeurotoolWarning,
            stacklevel=2,
        )


def check_inputs(path: Path, samples: Samples, graph: Graph) -> None:
    """Compare the arrays of a file with the inputs of a model.

    Raises:
        UsageError: An array is missing, has no input, or has another shape than its input.
    """
    fields = data.input_fields(path, graph.inputs)
    for name, field in zip(graph.inputs, fields, strict=True):
        node = graph.nodes[name]
        _check_shape(path, field, name, node.shape, node.timed, samples)


def samples_of(samples: Samples, name: str, inputs: Sequence[str]) -> Dataset:
    """Samples of an input of a model; a single array belongs to the single input, whatever it is called.

    Args:
        samples: Samples of a file.
        name: The input.
        inputs: All inputs of the model.

    Raises:
        UsageError: There are several inputs or arrays, and no array of that name.
    """
    if len(samples.inputs) == len(inputs) == 1:
        return next(iter(samples.inputs.values()))
    if name not in samples.inputs:
        there = f"it has: {', '.join(samples.inputs)}"
        raise UsageError(f"{samples.path}: has no array for input {name!r}", hint=there)
    return samples.inputs[name]


def float_inputs(samples: Samples, names: Sequence[str]) -> dict[str, Array]:
    """Give the samples the float meaning that the model knows, by input of the model."""
    found = {name: samples_of(samples, name, names) for name in names}
    return {name: example_of(one.x, one.scale) for name, one in found.items()}


def source_inputs(samples: Samples) -> Array | Mapping[str, Array]:
    """Samples as a source takes them: one array, or one for each input by its name."""
    found = {name: example_of(one.x, one.scale) for name, one in samples.inputs.items()}
    return next(iter(found.values())) if len(found) == 1 else found


def example_inputs(samples: Samples) -> Array | Mapping[str, Array]:
    """The first few samples as a source takes them, to trace it with."""
    return source_inputs(samples.take(EXAMPLE_SAMPLES))


def first_samples(graph: Graph, inputs: Mapping[str, Array], count: int) -> dict[str, Array]:
    """The first samples of values of the inputs of a graph."""
    return {name: value[:, :count] if graph.nodes[name].timed else value[:count] for name, value in inputs.items()}


def _encoders(encode: Encode, fields: Sequence[str]) -> dict[str, str | None]:
    if encode is None:
        return {}
    if not isinstance(encode, str):
        unknown = [name for name in encode if name not in fields]
        if unknown:
            raise UsageError(f"--encode: there is no input {unknown[0]!r}", hint=f"inputs: {', '.join(fields)}")
        return dict(encode)
    if len(fields) > 1:
        raise UsageError(
            f"--encode {encode} does not say for which of {', '.join(fields)}", hint=f"--encode {fields[0]}={encode}"
        )
    return {fields[0]: encode}


def _encodes(method: str | None) -> bool:
    return method not in (None, STATIC)


def _steps_heard(methods: Mapping[str, str | None], steps: int | None) -> dict[str, int | None]:
    """Steps that the reader of each input is told: those that are encoded hear them, the others have their own.

    If none is encoded, all hear them, and the reader says that they mean nothing.
    """
    some = any(map(_encodes, methods.values()))
    return {name: steps if _encodes(method) or not some else None for name, method in methods.items()}


def _check_shape(path: Path, field: str, name: str, shape: tuple[int, ...], timed: bool, samples: Samples) -> None:
    found = samples.inputs[field]
    if found.timed is not timed:
        has, takes = ("a time axis", "none") if found.timed else ("no time axis", "one")
        hint = f"--encode {name}={STATIC}" if found.timed else f"--encode {name}=rate --steps N"
        raise UsageError(f"{path}: array {field} has {has}, input {name!r} takes {takes}", hint=hint)
    if found.shape != shape:
        raise UsageError(
            f"{path}: samples have shape {list(found.shape)}, input {name!r} takes {list(shape)}",
            hint="x is [time, batch, *features], or [batch, *features] where it is encoded, by --encode or as the "
            "calibration data of the bundle was",
        )
