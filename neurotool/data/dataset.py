"""Samples that are ready to run, with what is needed to read another file in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A batch of samples of one input.

    A second file is read the same way by passing ``encode``, ``steps``, ``seed`` and ``peak`` of the first to
    :func:`neurotool.data.load`.

    Attributes:
        x: Raster ``[time, batch, *features]``: bool for spikes, integers for graded spikes, floats for values. Without
            a time axis, ``[batch, *features]``.
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
        timed: Whether ``x`` has a time axis.
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
    timed: bool = True

    @property
    def steps(self) -> int:
        """Number of time steps; 0 without a time axis."""
        return int(self.x.shape[0]) if self.timed else 0

    @property
    def batch(self) -> int:
        """Number of samples."""
        return int(self.x.shape[1 if self.timed else 0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one step of one sample."""
        return tuple(self.x.shape[2 if self.timed else 1 :])

    @property
    def kind(self) -> str:
        """What the samples are: ``spikes``, ``graded`` or ``float``."""
        if self.x.dtype == np.bool_:
            return "spikes"
        return "graded" if self.x.dtype.kind in "iu" else "float"

    def samples(self, part: slice) -> Dataset:
        """Return some of the samples, for example ``data.samples(slice(10, 20))``."""
        return replace(
            self,
            x=self.x[:, part] if self.timed else self.x[part],
            y=None if self.y is None else self.y[part],
            static=None if self.static is None else self.static[part],
        )

    def take(self, count: int) -> Dataset:
        """Return the first ``count`` samples, or all if there are fewer."""
        return self.samples(_first(count))


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples of a file for a model with one input or several.

    Attributes:
        inputs: Samples of each input, under the name that the file gives it: ``x`` where a model has only one.
        y: Class number of each sample, ``[batch]``, or None.
        path: File that they come from.
        sha256: Digest of that file.
    """

    inputs: Mapping[str, Dataset]
    y: Labels | None
    path: Path
    sha256: str

    @property
    def batch(self) -> int:
        """Number of samples, which all inputs share."""
        return next(iter(self.inputs.values())).batch

    @property
    def steps(self) -> int:
        """Number of time steps, which all inputs with a time axis share; 0 if none has one."""
        return max(found.steps for found in self.inputs.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the reading of the file."""
        return tuple(note for found in self.inputs.values() for note in found.notes)

    def samples(self, part: slice) -> Samples:
        """Return some of the samples."""
        inputs = {name: found.samples(part) for name, found in self.inputs.items()}
        return replace(self, inputs=inputs, y=None if self.y is None else self.y[part])

    def take(self, count: int) -> Samples:
        """Return the first ``count`` samples, or all if there are fewer."""
        return self.samples(_first(count))


def _first(count: int) -> slice:
    if count < 1:
        raise ValueError(f"cannot take {count} samples")
    return slice(count)
