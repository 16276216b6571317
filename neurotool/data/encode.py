"""Encoders: they turn a value per feature into a raster over time.

``constant``
    The value itself at every step.
``rate``
    Every step fires with probability p, the value as a share of full scale, independently of all others.
``latency``
    One spike per feature at step ⌊(1 - p)·steps⌋, so the strongest fires first; p = 0 never fires.
``graded``
    The same signed integer payload at every step: integers as they are, floats rounded to 8 bits.

Full scale is called ``peak``. Where the caller gives none, ``rate`` and ``latency`` take 1 for floats that all lie in
[0, 1] and otherwise the largest value of the file; ``graded`` takes the largest magnitude of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.data.codes import latency_code, rate_code

Array = npt.NDArray[np.generic]

_PAYLOAD_WIDTHS = (8, 16, 24, 32)
_PAYLOAD_LIMIT = 127  # symmetric, so that -x is coded as minus the code of x


class EncodingError(ValueError):
    """The values cannot be encoded in this way."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Result of an encoder; the fields are those of :class:`neurotool.data.Dataset`."""

    x: Array
    message_bits: int = 0
    scale: float = 1.0
    peak: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """What an encoder is told: number of steps, seed, and full scale (None to take it from the values)."""

    steps: int
    seed: int = 0
    peak: float | None = None


def payload_bits(values: Array) -> int:
    """Return the smallest of 8, 16, 24 and 32 bits that holds every value as a signed integer.

    Raises:
        EncodingError: 32 bits do not.
    """
    low, high = int(values.min()), int(values.max())
    for bits in _PAYLOAD_WIDTHS:
        if -(1 << (bits - 1)) <= low and high < 1 << (bits - 1):
            return bits
    raise EncodingError(f"graded spikes are signed integers of at most 32 bits, found values from {low} to {high}")


def _repeat(values: Array, steps: int) -> Array:
    return np.repeat(values[np.newaxis], steps, axis=0)


def _shares(values: Array, peak: float | None) -> tuple[npt.NDArray[np.float64], float, tuple[str, ...]]:
    """Return every value as a share of full scale in [0, 1], full scale, and a note if values exceeded it."""
    low, high = float(values.min()), float(values.max())
    if low < 0.0:
        raise EncodingError(f"values must not be negative, found {low:g}")
    if peak is None:
        peak = 1.0 if high == 0.0 or (values.dtype.kind == "f" and high <= 1.0) else high
    return np.minimum(values.astype(np.float64) / peak, 1.0), peak, _clipped(values, peak)


def _clipped(values: Array, peak: float) -> tuple[str, ...]:
    count = int(np.count_nonzero(np.abs(values.astype(np.float64)) > peak))
    return (f"{count} of {values.size} values exceed the peak {peak:g} and were clipped to it",) if count else ()


def constant(values: Array, setting: Setting) -> Encoded:
    """Repeat the value at every step, as a float."""
    if setting.peak is not None:
        raise EncodingError("values are taken as they are, so there is no peak to give")
    return Encoded(_repeat(values.astype(np.result_type(values.dtype, np.float32)), setting.steps))


def rate(values: Array, setting: Setting) -> Encoded:
    """Draw a Bernoulli spike per step with probability value / peak.

    Every sample has its own random stream, made from the seed and its number in the file: its spikes depend neither on
    the other samples nor on the number of steps after them.
    """
    shares, peak, notes = _shares(values, setting.peak)
    return Encoded(rate_code(shares[np.newaxis], setting.steps, setting.seed), peak=peak, notes=notes)


def latency(values: Array, setting: Setting) -> Encoded:
    """Fire once, at step ⌊(1 - value / peak)·steps⌋; a value of zero never fires."""
    shares, peak, notes = _shares(values, setting.peak)
    fires, _ = latency_code(shares, setting.steps)
    return Encoded(fires, peak=peak, notes=notes)


def graded(values: Array, setting: Setting) -> Encoded:
    """Send an integer payload at every step.

    A float x is sent as round(x·127 / peak), limited to ±127, with the scale peak / 127.
    """
    if values.dtype.kind != "f":
        if setting.peak is not None:
            raise EncodingError("integers are sent as they are, so there is no peak to give")
        return Encoded(_repeat(values.astype(np.int32), setting.steps), message_bits=payload_bits(values))
    peak = setting.peak if setting.peak is not None else float(np.abs(values).max()) or 1.0
    scale = peak / _PAYLOAD_LIMIT
    codes = np.clip(np.rint(values.astype(np.float64) / scale), -_PAYLOAD_LIMIT, _PAYLOAD_LIMIT).astype(np.int32)
    return Encoded(_repeat(codes, setting.steps), 8, scale, peak, _clipped(values, peak))


ENCODERS: dict[str, Callable[[Array, Setting], Encoded]] = {
    "constant": constant,
    "rate": rate,
    "latency": latency,
    "graded": graded,
}
ENCODINGS = tuple(ENCODERS)

STATIC = "static"
"""No encoder: the samples stay without a time axis, for inputs of a model that have none."""
