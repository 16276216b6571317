"""Writes the outputs of a run where the user asked for them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurotool.errors import UsageError

if TYPE_CHECKING:
    from neurotool.ir.adapters import Array

SUFFIXES = (".npz", ".h5")


def check(path: Path, force: bool) -> None:
    """Refuse a path that could not be written, before anything is run.

    Raises:
        UsageError: The suffix is none of :data:`SUFFIXES`, the folder is missing, or something is there already.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f"--out: {path} must end in {' or '.join(SUFFIXES)}")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"--out: {path} is not a file in an existing folder")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"--out: {path.parent} cannot be written to")
    if path.exists() and not force:
        raise UsageError(f"--out: {path} exists", hint="add --force to replace it, or choose another name")


def write(path: Path, outputs: Mapping[str, Array]) -> None:
    """Write one array per model output under its name; an existing file is replaced when the new one is whole.

    Raises:
        UsageError: The file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            staged = Path(folder, path.name)
            _write(staged, outputs)
            staged.replace(path)
    except OSError as error:
        raise UsageError(f"--out: {path} cannot be written: {error.strerror or error}") from None


def _write(path: Path, outputs: Mapping[str, Array]) -> None:
    import h5py
    import numpy as np

    if path.suffix == ".npz":
        np.savez_compressed(path, **dict[str, Any](outputs))
        return
    with h5py.File(path, "w") as file:
        for name, values in outputs.items():
            file.create_dataset(name, data=values)
