"""Samples that are ready to run, with what is needed to read another file in the same way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A batch of samples as a raster.

    A second file is read the same way by passing ``encode``, ``steps``, ``seed`` and ``peak`` of the first to
    :func:`neurotool.data.load`.

    Attributes:
        x: Raster ``[time, batch, *features]``: bool for spikes, integers for graded spikes, floats for values.
        y: Class number of each sample, ``[batch]``, or None.
        path: File that the samples come from.
        sha256: Digest of that file.
        message_bits: 0 for binary spikes and values; for graded spikes, the width of the signed payload.
        scale: Float value of a payload of one; 1.0 except for floats encoded as ``graded``.
        static: The samples as the file holds them, ``[batch, *features]``, if they were encoded.
        encode: Name of the encoder, or None if the file already held a raster.
        seed: Seed that a random encoder drew with.
        peak: Value that the encoder took as full scale, or None where none is needed.
        notes: What a user should know about the reading of the file, one sentence each.
    """

    x: Array
    y: Labels | None
    path: Path
    sha256: str
    message_bits: int = 0
    scale: float = 1.0
    static: Array | None = None
    encode: str | None = None
    seed: int = 0
    peak: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Number of time steps."""
        return int(self.x.shape[0])

    @property
    def batch(self) -> int:
        """Number of samples."""
        return int(self.x.shape[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one step of one sample."""
        return tuple(self.x.shape[2:])

    @property
    def kind(self) -> str:
        """What the raster holds: ``spikes``, ``graded`` or ``float``."""
        if self.x.dtype == np.bool_:
            return "spikes"
        return "graded" if self.x.dtype.kind in "iu" else "float"

    def samples(self, part: slice) -> Dataset:
        """Return some of the samples, for example ``data.samples(slice(10, 20))``."""
        return replace(
            self,
            x=self.x[:, part],
            y=None if self.y is None else self.y[part],
            static=None if self.static is None else self.static[part],
        )

    def take(self, count: int) -> Dataset:
        """Return the first ``count`` samples, or all if there are fewer."""
        if count < 1:
            raise ValueError(f"cannot take {count} samples")
        return self.samples(slice(count))
