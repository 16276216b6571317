"""Reads pickles of numbers and text only.

A pickle can name any function to be called. Some published files are pickled; what they may hold is listed here by
name, and anything else is refused before it runs.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from neurotool.errors import UsageError

_ALLOWED = {
    ("numpy", "dtype"), ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}  # fmt: skip
"""What a pickled array needs: numpy's own constructors, and the text encoding that Python 2 pickles use for bytes."""


class _NumbersOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def load_pickle(path: Path) -> Any:
    """Read a pickle of arrays, numbers, text, lists and dictionaries.

    Raises:
        UsageError: It cannot be read, or asks for anything else.
    """
    return _load(path, io.BytesIO(_bytes(path)))


def load_numpy_object(path: Path) -> Any:
    """Read the one object of a ``.npy`` file that holds a pickled Python object.

    Raises:
        UsageError: It is no such file, or asks for anything but arrays, numbers and text.
    """
    stream = io.BytesIO(_bytes(path))
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except ValueError as error:
        raise UsageError(f"{path}: it is no .npy file ({error})") from error
    if dtype != np.dtype(object) or shape != ():
        raise UsageError(f"{path}: expected one pickled dictionary, found an array of {dtype} and shape {shape}")
    loaded = _load(path, stream)
    return loaded.item() if isinstance(loaded, np.ndarray) else loaded


def _load(path: Path, stream: BinaryIO) -> Any:
    try:
        return _NumbersOnly(stream, encoding="latin1").load()
    except Exception as error:  # whatever a damaged or doctored pickle makes the reader raise
        hint = "only arrays, numbers, text, lists and dictionaries are read"
        raise UsageError(f"{path}: refused: {error}", hint=hint) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror})", hint="see examples/stft/README.md, Published data sets"
        ) from error
