"""Reads and writes data files: ``.npz`` or ``.h5`` with samples ``x`` and optional labels ``y``.

For a model with several inputs a file holds one array for each, under the name of the input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from neurotool.data.arrays import LABELS, SAMPLES, check_suffix, field_names, read_fields
from neurotool.data.dataset import Dataset, Samples
from neurotool.data.digest import file_sha256
from neurotool.data.encode import STATIC
from neurotool.data.reading import Reading, check_options, dataset
from neurotool.errors import UsageError

Array = npt.NDArray[np.generic]


def load(
    path: str | Path,
    *,
    encode: str | None = None,
    steps: int | None = None,
    seed: int = 0,
    peak: float | None = None,
) -> Dataset:
    """Read the samples ``x`` of a file, and turn them into spikes if they have no time axis.

    Args:
        path: ``.npz`` or ``.h5`` file. ``x`` is ``[time, batch, *features]``, or ``[batch, *features]`` together with
            ``encode`` and ``steps``; ``y``, if there, is ``[batch]``.
        encode: As for :class:`Reading`, and likewise the others.
        steps: Number of time steps to encode into.
        seed: Seed of a random encoder, not negative.
        peak: Value to take as full scale.

    Raises:
        UsageError: The file is missing, damaged or of another kind, holds something else than the options say, or the
            options contradict each other.
    """
    path, reading = Path(path), Reading(encode, steps, seed, peak)
    check_options(SAMPLES, reading)
    x, y = _read(path)
    return dataset(path, file_sha256(path), SAMPLES, x, y, reading)


def load_samples(
    path: str | Path, readings: Mapping[str, Reading] | None = None, names: Sequence[str] | None = None
) -> Samples:
    """Read the samples of a model with one input or several.

    Args:
        path: ``.npz`` or ``.h5`` file with one array for each input, and optional labels ``y``.
        readings: How to read the array of each input. Arrays ``[batch, features]`` that are not named are static.
        names: Inputs of the model; None to take ``x``, or every array if there is no ``x``. A single input may be
            called ``x`` in the file.

    Raises:
        UsageError: As for :func:`load`; also, an array is missing or has no input, or the arrays differ in the number
            of samples or time steps.
    """
    path, known = Path(path), dict(readings or {})
    fields = input_fields(path, names)
    for name in fields:
        check_options(name, known.get(name, Reading()))
    unknown = sorted(set(known) - set(fields))
    if unknown:
        raise UsageError(
            f"--encode: {path} has no array {unknown[0]!r} for an input", hint=f"it has {', '.join(fields)}"
        )
    arrays = read_fields(path, (*fields, LABELS))
    y = arrays.pop(LABELS, None)
    sha256 = file_sha256(path)
    found = {}
    for name in fields:
        flat = len(fields) > 1 and name not in known and arrays[name].ndim == 2
        reading = Reading(STATIC) if flat else known.get(name, Reading())
        found[name] = dataset(path, sha256, name, arrays[name], y, reading)
    _check_together(path, found)
    first = next(iter(found.values()))
    return Samples(found, first.y, path, sha256)


def sample_shape(path: str | Path) -> tuple[int, ...]:
    """Shape of one sample if the file has no time axis: that of ``x`` without its first axis.

    Raises:
        UsageError: The file is missing, damaged or of another kind.
    """
    x, _ = _read(Path(path))
    return tuple(x.shape[1:])


def save(path: str | Path, x: Array | Mapping[str, Array], y: Array | None = None) -> None:
    """Write a data file that :func:`load` or :func:`load_samples` reads; an existing file is replaced.

    Args:
        path: File to write; its suffix says the format.
        x: Samples, ``[time, batch, *features]`` or ``[batch, *features]``; for several inputs, by name.
        y: Class number of each sample, ``[batch]``.

    Raises:
        UsageError: The suffix is none of :data:`SUFFIXES`, or an array holds no numbers.
    """
    path = Path(path)
    check_suffix(path)
    inputs = x if isinstance(x, Mapping) else {SAMPLES: x}
    fields: dict[str, Any] = {name: np.asarray(value) for name, value in inputs.items()}
    fields |= {} if y is None else {LABELS: np.asarray(y)}
    for name, values in fields.items():
        if values.dtype.hasobject:  # would be a pickle, which nothing here reads
            raise UsageError(f"{path}: array {name} holds Python objects, not numbers")
    if path.suffix == ".npz":
        np.savez_compressed(path, **fields)
        return
    with h5py.File(path, "w") as file:
        for name, values in fields.items():
            file.create_dataset(name, data=values, compression="gzip", shuffle=True)


def input_fields(path: Path, names: Sequence[str] | None = None) -> tuple[str, ...]:
    """Names of the arrays of a file that hold samples, after making sure that they are those that a model takes.

    Args:
        path: Data file.
        names: Inputs of the model; None to take ``x``, or every array if there is no ``x``.

    Raises:
        UsageError: An array is missing, or has no input.
    """
    there = field_names(path)
    arrays = tuple(name for name in there if name != LABELS)
    if names is None:
        names = (SAMPLES,) if SAMPLES in there or not arrays else arrays
    if len(names) == 1:
        return (names[0],) if names[0] in there else (SAMPLES,) if SAMPLES in there else _missing(path, names, arrays)
    if set(names) - set(there):
        return _missing(path, names, arrays)
    extra = [name for name in arrays if name not in names]
    if extra:
        raise UsageError(
            f"{path}: array {extra[0]!r} is no input of the model", hint=f"its inputs are {', '.join(names)}"
        )
    return tuple(names)


def _missing(path: Path, names: Sequence[str], arrays: Sequence[str]) -> tuple[str, ...]:
    missing = [name for name in names if name not in arrays]
    if missing == [SAMPLES]:
        hint = "name the samples x and the labels y"
    elif len(names) == 1:
        hint = f"name the samples x or {names[0]}, and the labels y"
    else:
        hint = "give one array for each input, under its name; labels are y"
    what = "field x is missing" if missing == [SAMPLES] else f"array {', '.join(missing)} is missing"
    raise UsageError(f"{path}: {what}, found {', '.join(sorted(arrays)) or 'nothing'}", hint=hint)


def _check_together(path: Path, found: Mapping[str, Dataset]) -> None:
    batches = {name: f"{one.batch} samples" for name, one in found.items()}
    lengths = {name: f"{one.steps} time steps" for name, one in found.items() if one.timed}
    for sizes in (batches, lengths):
        if len(set(sizes.values())) > 1:
            listing = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise UsageError(f"{path}: the arrays differ: {listing}")


def _read(path: Path) -> tuple[Array, Array | None]:
    fields = read_fields(path, (SAMPLES, LABELS))
    if SAMPLES not in fields:
        _missing(path, (SAMPLES,), field_names(path))
    return fields[SAMPLES], fields.get(LABELS)
