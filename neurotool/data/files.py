"""Reads and writes data files: ``.npz`` or ``.h5`` with samples ``x`` and optional labels ``y``."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from neurotool.data.dataset import Dataset, Labels
from neurotool.data.digest import file_sha256
from neurotool.data.encode import ENCODERS, ENCODINGS, EncodingError, Setting, payload_bits
from neurotool.errors import UsageError

Array = npt.NDArray[np.generic]

SUFFIXES = (".npz", ".h5")
_DAMAGE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)


def load(
    path: str | Path,
    *,
    encode: str | None = None,
    steps: int | None = None,
    seed: int = 0,
    peak: float | None = None,
) -> Dataset:
    """Read samples, and turn them into spikes if they have no time axis.

    Args:
        path: ``.npz`` or ``.h5`` file. ``x`` is ``[time, batch, *features]``, or ``[batch, *features]`` together with
            ``encode`` and ``steps``; ``y``, if there, is ``[batch]``.
        encode: One of :data:`ENCODINGS`, for samples without a time axis.
        steps: Number of time steps to encode into.
        seed: Seed of a random encoder, not negative.
        peak: Value to take as full scale; None to let the encoder choose it from the file. To read a second file like
            a first one, pass the ``peak`` that the first was read with.

    Raises:
        UsageError: The file is missing, damaged or of another kind, holds something else than the options say, or the
            options contradict each other.
    """
    path = Path(path)
    _check_options(encode, steps, seed, peak)
    x, y = _read(path)
    _check_values(path, x)
    if encode is not None and steps is not None:
        return _encoded(path, x, y, encode, Setting(steps, seed, peak))
    _check_raster(path, x, y)
    return _raster(path, x, None if y is None else _labels(path, y, x.shape[1]))


def sample_shape(path: str | Path) -> tuple[int, ...]:
    """Shape of one sample if the file has no time axis: that of ``x`` without its first axis.

    Raises:
        UsageError: The file is missing, damaged or of another kind.
    """
    x, _ = _read(Path(path))
    return tuple(x.shape[1:])


def save(path: str | Path, x: Array, y: Array | None = None) -> None:
    """Write a data file that :func:`load` reads; an existing file is replaced.

    Args:
        path: File to write; its suffix says the format.
        x: Samples, ``[time, batch, *features]`` or ``[batch, *features]``.
        y: Class number of each sample, ``[batch]``.

    Raises:
        UsageError: The suffix is none of :data:`SUFFIXES`.
    """
    path = Path(path)
    _check_suffix(path)
    fields = {"x": np.asarray(x)} | ({} if y is None else {"y": np.asarray(y)})
    if path.suffix == ".npz":
        np.savez_compressed(path, allow_pickle=False, **fields)
        return
    with h5py.File(path, "w") as file:
        for name, values in fields.items():
            file.create_dataset(name, data=values, compression="gzip", shuffle=True)


def _check_options(encode: str | None, steps: int | None, seed: int, peak: float | None) -> None:
    if encode is None:
        for option, value in (("--steps", steps), ("--peak", peak)):
            if value is not None:
                raise UsageError(f"{option} {value} means nothing without --encode", hint=f"--encode {_choices()}")
        return
    if encode not in ENCODERS:
        raise UsageError(f"--encode: there is no encoder {encode!r}", hint=f"--encode {_choices()}")
    if steps is None:
        raise UsageError(f"--encode {encode} needs the number of time steps", hint="add --steps, such as --steps 32")
    if steps < 1:
        raise UsageError(f"--steps: {steps} is not a number of time steps", hint="give at least 1")
    if seed < 0:
        raise UsageError(f"--seed: {seed} is negative", hint="give 0 or a positive integer")
    if peak is not None and not (0.0 < peak < math.inf):
        raise UsageError(f"--peak: {peak:g} is not a full-scale value", hint="give a finite number above zero")


def _choices() -> str:
    return "|".join(ENCODINGS)


def _check_suffix(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f"{path}: data files end in {' or '.join(SUFFIXES)}, found {path.suffix or 'no suffix'!r}",
            hint="neurotool.data.save(path, x, y) writes either",
        )


def _read(path: Path) -> tuple[Array, Array | None]:
    _check_suffix(path)
    if not path.is_file():
        raise UsageError(f"{path}: {'is a directory, not a file' if path.is_dir() else 'no such file'}")
    try:
        fields = _read_npz(path) if path.suffix == ".npz" else _read_h5(path)
    except PermissionError:
        raise UsageError(f"{path}: no permission to read it") from None
    if "x" not in fields:
        found = ", ".join(sorted(fields)) or "nothing"
        raise UsageError(f"{path}: field x is missing, found {found}", hint="name the samples x and the labels y")
    return fields["x"], fields.get("y")


def _read_npz(path: Path) -> dict[str, Array]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            truncated = file.read(2) == b"PK"
        reason = "is truncated" if truncated else "is not an .npz file"
        raise UsageError(f"{path}: {reason}", hint="write it again with numpy.savez_compressed or neurotool.data.save")
    try:
        with np.load(path, allow_pickle=False) as archive:
            # Other fields are only named, never read: they may be anything.
            return {name: archive[name] if name in ("x", "y") else np.empty(0) for name in archive.files}
    except ValueError as error:
        raise UsageError(f"{path}: x or y cannot be read as an array of numbers: {_first_line(error)}") from None
    except _DAMAGE as error:
        raise UsageError(f"{path}: is damaged: {_first_line(error)}") from None


def _read_h5(path: Path) -> dict[str, Array]:
    try:
        with h5py.File(path, "r") as file:
            wrong = [name for name in ("x", "y") if name in file and not isinstance(file[name], h5py.Dataset)]
            if wrong:
                raise UsageError(f"{path}: field {wrong[0]} is a group, expected a dataset")
            return {name: np.asarray(file[name][()]) if name in ("x", "y") else np.empty(0) for name in file}
    except _DAMAGE as error:
        raise UsageError(f"{path}: is not a readable HDF5 file: {_first_line(error)}") from None


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _check_values(path: Path, x: Array) -> None:
    if x.dtype.kind not in "buif":
        raise UsageError(f"{path}: field x holds {x.dtype}, expected bool, integers or floats")
    if x.size == 0:
        raise UsageError(f"{path}: field x is empty, its shape is {x.shape}")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise UsageError(f"{path}: field x holds {x[first]} at {first}, expected finite numbers")


def _encoded(path: Path, x: Array, y: Array | None, encode: str, setting: Setting) -> Dataset:
    if x.ndim < 2:
        raise UsageError(f"{path}: field x has shape {x.shape}, expected [batch, *features] with --encode {encode}")
    if y is not None and y.ndim == 1 and x.ndim > 2 and len(y) == x.shape[1] != x.shape[0]:
        raise UsageError(
            f"{path}: field x has shape {x.shape} and y {y.shape}, so x already has a time axis",
            hint=f"drop --encode {encode} and --steps {setting.steps}",
        )
    labels = None if y is None else _labels(path, y, x.shape[0])
    try:
        done = ENCODERS[encode](x, setting)
    except EncodingError as error:
        raise UsageError(f"{path}: field x cannot be encoded with --encode {encode}: {error}") from None
    return Dataset(
        x=done.x,
        y=labels,
        path=path,
        sha256=file_sha256(path),
        message_bits=done.message_bits,
        scale=done.scale,
        static=x,
        encode=encode,
        seed=setting.seed,
        peak=done.peak,
        notes=done.notes,
    )


def _check_raster(path: Path, x: Array, y: Array | None) -> None:
    hint = f"for [batch, *features] add --encode {_choices()} and --steps"
    if x.ndim < 3:
        raise UsageError(f"{path}: field x has shape {x.shape}, expected [time, batch, *features]", hint=hint)
    if y is not None and y.ndim == 1 and len(y) == x.shape[0] != x.shape[1]:
        raise UsageError(f"{path}: field x has shape {x.shape} and y {y.shape}, so x has no time axis", hint=hint)


def _raster(path: Path, x: Array, y: Labels | None) -> Dataset:
    digest = file_sha256(path)
    if x.dtype == np.uint8 and x.max() > 1:
        raise UsageError(
            f"{path}: field x is uint8, which means spikes, but holds {int(x.max())}",
            hint="save payloads of graded spikes as int16 or int32",
        )
    if x.dtype in (np.bool_, np.uint8):
        return Dataset(x.astype(np.bool_), y, path, digest)
    if x.dtype.kind in "iu":
        try:
            return Dataset(x, y, path, digest, message_bits=payload_bits(x))
        except EncodingError as error:
            raise UsageError(f"{path}: field x: {error}") from None
    binary = bool(np.isin(x, (0.0, 1.0)).all())
    note = f"{path.name}: x is {x.dtype} and holds only 0 and 1; save it as bool if these are spikes"
    return Dataset(x, y, path, digest, notes=(note,) if binary else ())


def _labels(path: Path, y: Array, batch: int) -> Labels:
    if y.dtype.kind not in "iu":
        raise UsageError(f"{path}: field y holds {y.dtype}, expected class numbers as integers")
    if y.shape != (batch,):
        raise UsageError(f"{path}: field y has shape {y.shape}, expected ({batch},), one label per sample of x")
    if y.min() < 0:
        raise UsageError(f"{path}: field y holds {int(y.min())}, expected class numbers from 0 on")
    return y.astype(np.int64)
