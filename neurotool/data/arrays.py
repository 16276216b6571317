"""The arrays of a data file, ``.npz`` or ``.h5``, read without trust."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from neurotool.errors import UsageError

Array = npt.NDArray[np.generic]

SUFFIXES = (".npz", ".h5")
SAMPLES, LABELS = "x", "y"
"""Field of the samples of a model with one input, and of the labels."""

_DAMAGE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)


def check_suffix(path: Path) -> None:
    """Refuse a file that is no data file by its name.

    Raises:
        UsageError: The suffix is none of :data:`SUFFIXES`.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f"{path}: data files end in {' or '.join(SUFFIXES)}, found {path.suffix or 'no suffix'!r}",
            hint="neurotool.data.save(path, x, y) writes either",
        )


def field_names(path: Path) -> tuple[str, ...]:
    """Names of the fields of a file, in its order.

    Raises:
        UsageError: The file is missing, damaged or of another kind.
    """
    return tuple(_open(path, ()))


def read_fields(path: Path, names: Collection[str]) -> dict[str, Array]:
    """Read fields of a file; those that it does not have are left out.

    Others are never read: they may be anything.

    Raises:
        UsageError: The file is missing, damaged or of another kind.
    """
    return {name: value for name, value in _open(path, names).items() if name in names}


def _open(path: Path, wanted: Collection[str]) -> dict[str, Array]:
    check_suffix(path)
    if not path.is_file():
        raise UsageError(f"{path}: {'is a directory, not a file' if path.is_dir() else 'no such file'}")
    try:
        return _read_npz(path, wanted) if path.suffix == ".npz" else _read_h5(path, wanted)
    except PermissionError:
        raise UsageError(f"{path}: no permission to read it") from None


def _read_npz(path: Path, wanted: Collection[str]) -> dict[str, Array]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            truncated = file.read(2) == b"PK"
        reason = "is truncated" if truncated else "is not an .npz file"
        raise UsageError(f"{path}: {reason}", hint="write it again with numpy.savez_compressed or neurotool.data.save")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] if name in wanted else np.empty(0) for name in archive.files}
    except ValueError as error:
        fields = " or ".join(wanted)
        raise UsageError(f"{path}: {fields} cannot be read as an array of numbers: {_first_line(error)}") from None
    except _DAMAGE as error:
        raise UsageError(f"{path}: is damaged: {_first_line(error)}") from None


def _read_h5(path: Path, wanted: Collection[str]) -> dict[str, Array]:
    try:
        with h5py.File(path, "r") as file:
            wrong = [name for name in wanted if name in file and not isinstance(file[name], h5py.Dataset)]
            if wrong:
                raise UsageError(f"{path}: field {wrong[0]} is a group, expected a dataset")
            return {name: np.asarray(file[name][()]) if name in wanted else np.empty(0) for name in file}
    except _DAMAGE as error:
        raise UsageError(f"{path}: is not a readable HDF5 file: {_first_line(error)}") from None


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
