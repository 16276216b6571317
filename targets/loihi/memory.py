"""Memory that begins where a line of the cache does: vectors of 64 bytes then touch one line instead of two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LINE = 64
"""Bytes in a line of the cache."""


def aligned(shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an array with anything in it that begins at a multiple of :data:`LINE`."""
    wanted = math.prod(shape) * np.dtype(kind).itemsize
    raw = np.empty(wanted + LINE, np.uint8)
    return raw[-raw.ctypes.data % LINE :][:wanted].view(kind).reshape(shape)
