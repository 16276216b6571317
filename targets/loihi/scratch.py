"""Memory for the sums of a window, used again for every window and group of populations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.targets.loihi.memory import aligned


class Scratch:
    """Arrays that are handed out in turn and taken back all at once: fresh memory has to be paid page by page."""

    def __init__(self) -> None:
        self._buffers: list[npt.NDArray[np.uint8]] = []
        self._used = 0

    def take_back(self) -> None:
        """Let all arrays be handed out again."""
        self._used = 0

    def zeros(self, shape: tuple[int, ...], kind: npt.DTypeLike = np.int32) -> npt.NDArray[Any]:
        """Hand out an array of zeros."""
        wanted = math.prod(shape) * np.dtype(kind).itemsize
        if self._used == len(self._buffers):
            self._buffers.append(aligned((wanted,), np.uint8))
        elif self._buffers[self._used].size < wanted:
            self._buffers[self._used] = aligned((wanted,), np.uint8)
        found = self._buffers[self._used][:wanted]
        self._used += 1
        found[:] = 0
        return found.view(kind).reshape(shape)
