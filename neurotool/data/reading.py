"""Arrays of data files as samples: spikes, graded spikes or values; with a time axis, encoded into one, or without."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neurotool.data.arrays import SAMPLES
from neurotool.data.dataset import Dataset, Labels
from neurotool.data.encode import ENCODERS, ENCODINGS, STATIC, EncodingError, Setting, payload_bits
from neurotool.errors import UsageError

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Reading:
    """How to read an array.

    Attributes:
        encode: One of :data:`ENCODINGS` for samples without a time axis that become rasters; ``static`` for samples
            that stay without one; None for rasters.
        steps: Number of time steps to encode into.
        seed: Seed of a random encoder, not negative.
        peak: Value to take as full scale; None to let the encoder choose it from the file. To read a second file like
            a first one, pass the ``peak`` that the first was read with.
    """

    encode: str | None = None
    steps: int | None = None
    seed: int = 0
    peak: float | None = None


def dataset(path: Path, sha256: str, name: str, x: Array, y: Array | None, reading: Reading) -> Dataset:
    """Turn an array of a file into samples.

    Args:
        path: The file, for messages.
        sha256: Its digest.
        name: Name of the array.
        x: The array.
        y: Labels, if the file has any.
        reading: How to read it.

    Raises:
        UsageError: The array is something else than the reading says.
    """
    _check_values(path, name, x)
    if reading.encode == STATIC:
        return _static(path, sha256, name, x, y)
    if reading.encode is not None and reading.steps is not None:
        setting = Setting(reading.steps, reading.seed, reading.peak)
        return _encoded(path, sha256, name, x, y, reading.encode, setting)
    _check_raster(path, name, x, y)
    return _raster(path, sha256, name, x, None if y is None else _labels(path, name, y, x.shape[1]))


def check_options(name: str, reading: Reading) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: They do.
    """
    encode, steps, seed, peak = reading.encode, reading.steps, reading.seed, reading.peak
    if encode == STATIC and steps is None:
        return
    if encode is None or encode == STATIC:
        for option, value in (("--steps", steps), ("--peak", peak)):
            if value is not None:
                text = "without --encode" if encode is None else f"with --encode {STATIC}"
                raise UsageError(f"{option} {value} means nothing {text}", hint=f"--encode {_choices()}")
        return
    if encode not in ENCODERS:
        raise UsageError(f"--encode: there is no encoder {encode!r}", hint=f"--encode {_choices(name)}")
    if steps is None:
        raise UsageError(f"--encode {encode} needs the number of time steps", hint="add --steps, such as --steps 32")
    if steps < 1:
        raise UsageError(f"--steps: {steps} is not a number of time steps", hint="give at least 1")
    if seed < 0:
        raise UsageError(f"--seed: {seed} is negative", hint="give 0 or a positive integer")
    if peak is not None and not (0.0 < peak < math.inf):
        raise UsageError(f"--peak: {peak:g} is not a full-scale value", hint="give a finite number above zero")


def _choices(name: str = SAMPLES) -> str:
    return ("" if name == SAMPLES else f"{name}=") + "|".join(ENCODINGS)


def _check_values(path: Path, name: str, x: Array) -> None:
    if x.dtype.kind not in "buif":
        raise UsageError(f"{path}: field {name} holds {x.dtype}, expected bool, integers or floats")
    if x.size == 0:
        raise UsageError(f"{path}: field {name} is empty, its shape is {x.shape}")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise UsageError(f"{path}: field {name} holds {x[first]} at {first}, expected finite numbers")


def _encoded(path: Path, sha256: str, name: str, x: Array, y: Array | None, encode: str, setting: Setting) -> Dataset:
    if x.ndim < 2:
        raise UsageError(
            f"{path}: field {name} has shape {x.shape}, expected [batch, *features] with --encode {encode}"
        )
    if y is not None and y.ndim == 1 and x.ndim > 2 and len(y) == x.shape[1] != x.shape[0]:
        raise UsageError(
            f"{path}: field {name} has shape {x.shape} and y {y.shape}, so {name} already has a time axis",
            hint=f"drop --encode {encode}, and --steps where it is given",
        )
    labels = None if y is None else _labels(path, name, y, x.shape[0])
    try:
        done = ENCODERS[encode](x, setting)
    except EncodingError as error:
        raise UsageError(f"{path}: field {name} cannot be encoded with --encode {encode}: {error}") from None
    return Dataset(
        x=done.x,
        y=labels,
        path=path,
        sha256=sha256,
        message_bits=done.message_bits,
        scale=done.scale,
        static=x,
        encode=encode,
        seed=setting.seed,
        peak=done.peak,
        notes=done.notes,
    )


def _static(path: Path, sha256: str, name: str, x: Array, y: Array | None) -> Dataset:
    if x.ndim < 2:
        raise UsageError(
            f"{path}: field {name} has shape {x.shape}, expected [batch, *features] with --encode {STATIC}"
        )
    labels = None if y is None else _labels(path, name, y, x.shape[0])
    return Dataset(x, labels, path, sha256, encode=STATIC, timed=False)


def _check_raster(path: Path, name: str, x: Array, y: Array | None) -> None:
    hint = f"for [batch, *features] add --encode {_choices(name)} and --steps, or --encode {STATIC} for no time axis"
    if x.ndim < 3:
        raise UsageError(f"{path}: field {name} has shape {x.shape}, expected [time, batch, *features]", hint=hint)
    if y is not None and y.ndim == 1 and len(y) == x.shape[0] != x.shape[1]:
        raise UsageError(
            f"{path}: field {name} has shape {x.shape} and y {y.shape}, so {name} has no time axis or has it second",
            hint=f"the first axis must be time: transpose to [time, batch, ...]; {hint}",
        )


def _raster(path: Path, sha256: str, name: str, x: Array, y: Labels | None) -> Dataset:
    if x.dtype == np.uint8 and x.max() > 1:
        raise UsageError(
            f"{path}: field {name} is uint8, which means spikes, but holds {int(x.max())}",
            hint="save payloads of graded spikes as int16 or int32",
        )
    if x.dtype in (np.bool_, np.uint8):
        return Dataset(x.astype(np.bool_), y, path, sha256)
    if x.dtype.kind in "iu":
        try:
            return Dataset(x, y, path, sha256, message_bits=payload_bits(x))
        except EncodingError as error:
            raise UsageError(f"{path}: field {name}: {error}") from None
    binary = bool(np.isin(x, (0.0, 1.0)).all())
    note = f"{path.name}: {name} is {x.dtype} and holds only 0 and 1; save it as bool if these are spikes"
    return Dataset(x, y, path, sha256, notes=(note,) if binary else ())


def _labels(path: Path, name: str, y: Array, batch: int) -> Labels:
    if y.dtype.kind not in "iu":
        raise UsageError(f"{path}: field y holds {y.dtype}, expected class numbers as integers")
    if y.shape != (batch,):
        raise UsageError(f"{path}: field y has shape {y.shape}, expected ({batch},), one label per sample of {name}")
    if y.min() < 0:
        raise UsageError(f"{path}: field y holds {int(y.min())}, expected class numbers from 0 on")
    return y.astype(np.int64)
