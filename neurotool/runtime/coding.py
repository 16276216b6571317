"""Encodes values for the chip and reduces what leaves it, as the boundaries of a bundle say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Float64Array
from neurotool.data.codes import latency_code, rate_code
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.coding import MESSAGE_BYTES, VALUE_BYTES, Coding
from neurotool.ir.partition import Boundary
from neurotool.ir.program import InputPort
from neurotool.runtime.boundary import losses, to_port

Start = tuple[int, int]
"""Numbers of the first sample and of the first time step, by which random codings draw."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A value on its way onto the chip.

    Attributes:
        payload: What enters the port, ``[time, batch, *shape]``.
        meant: The value as it was, over the window in which the coding can tell a value.
        heard: The value as the chip hears it, over the same window.
        lost: What was lost beyond the rounding that the port was made for, in words; or empty.
    """

    payload: Array
    meant: Float64Array
    heard: Float64Array
    lost: str = ""


def encode(value: Array, boundary: Boundary, port: InputPort, first: int = 0, row: int = 0) -> Coded:
    """Encode a value for an input port.

    Args:
        value: ``[time, batch, *shape]`` in the float meaning of the model, or ``[batch, *shape]`` where the boundary
            has no time axis; it then drives every step.
        boundary: How it crosses.
        port: Where it enters.
        first: Number of the first sample, which random codings draw by.
        row: Time steps of these samples that an earlier run took: random codings go on after them.

    Raises:
        UsageError: A binary port is given anything but zeros and ones.
        NegativeAnswerError: A value that should be the same at every step is not.
    """
    raster = value if boundary.timed else np.repeat(value[np.newaxis], boundary.steps, axis=0)
    return ENCODERS[boundary.coding](raster, boundary, port, (first, row))


def _as_it_is(raster: Array, boundary: Boundary, port: InputPort, start: Start) -> Coded:
    payload = to_port(raster, port)
    return Coded(payload, _float(raster), _float(payload) * port.scale, losses(raster, port))


def _constant(raster: Array, boundary: Boundary, port: InputPort, start: Start) -> Coded:
    """Code the value that all steps share, and hold it."""
    value = _held(raster, boundary)
    held = to_port(value[np.newaxis], port)
    payload = np.repeat(held, len(raster), axis=0)
    return Coded(payload, _float(value), _float(held[0]) * port.scale, losses(value, port))


def _rate(raster: Array, boundary: Boundary, port: InputPort, start: Start) -> Coded:
    """Draw a spike per step with probability |value| / full scale; its sign is that of the value."""
    share = _strength(raster, port) / port.scale
    payload = _signed(rate_code(share, len(raster), boundary.seed, *start), raster, port)
    heard = _float(payload).mean(axis=0) * port.scale
    return Coded(payload, _float(raster).mean(axis=0), heard, _said(_beyond(share, port), _negative(raster, port)))


def _latency(raster: Array, boundary: Boundary, port: InputPort, start: Start) -> Coded:
    """Fire once, at step ⌊(1 - |value| / full scale) steps⌋; a value of zero never fires."""
    held = _held(raster, boundary)
    peak, steps = boundary.quantum * boundary.steps, len(raster)
    values, strength = _float(held), _strength(held, port) / peak
    share = np.minimum(strength, 1.0)
    fires, moment = latency_code(share, steps)
    payload = _signed(fires, raster, port)
    heard = np.where(share > 0.0, np.sign(values) * (1.0 - (moment + 0.5) / steps) * peak, 0.0)
    return Coded(payload, values, heard, _said(_beyond(strength, port), _negative(held, port)))


_CARRIED = {Coding.CONSTANT: "carried as a constant current", Coding.LATENCY: "told by latency"}


def _held(raster: Array, boundary: Boundary) -> Array:
    """The value that all steps share, ``[batch, *shape]``.

    Raises:
        NegativeAnswerError: The steps differ, so that one of them cannot stand for all.
    """
    if not np.array_equal(raster[1:], raster[:-1]):
        raise NegativeAnswerError(
            f"boundary {boundary.value!r} is {_CARRIED[boundary.coding]}, but its value changes over time",
            hint=f"convert again with --coding {boundary.value}=graded",
        )
    value: Array = raster[0]
    return value


def _strength(value: Array, port: InputPort) -> Float64Array:
    """What makes a port fire: the magnitude; where spikes have no sign, the positive part."""
    return np.maximum(_float(value), 0.0) if port.message_bits == 0 else np.abs(_float(value))


def _signed(fires: npt.NDArray[np.bool_], raster: Array, port: InputPort) -> Array:
    return fires if port.message_bits == 0 else (fires * np.sign(raster)).astype(np.int32)


def _beyond(share: Float64Array, port: InputPort) -> str:
    clipped = int(np.count_nonzero(share > 1.0 + 1e-6))
    text = f"input {port.name!r}: {clipped} of {share.size} values exceed full scale and were clipped"
    return text if clipped else ""


def _negative(value: Array, port: InputPort) -> str:
    lost = int(np.count_nonzero(_float(value) < 0.0)) if port.message_bits == 0 else 0
    means = "which spikes without a sign cannot tell, and were left out"
    return f"input {port.name!r}: {lost} of {value.size} values are negative, {means}" if lost else ""


def _said(*sentences: str) -> str:
    return "; ".join(sentence for sentence in sentences if sentence)


ENCODERS: dict[Coding, Callable[[Array, Boundary, InputPort, Start], Coded]] = {
    Coding.SPIKES: _as_it_is,
    Coding.GRADED: _as_it_is,
    Coding.CONSTANT: _constant,
    Coding.RATE: _rate,
    Coding.LATENCY: _latency,
}


def deliver(value: Array, boundary: Boundary) -> Array:
    """Return a value as a dense part takes it over a boundary: the raster, or its sum over time.

    Args:
        value: ``[time, batch, *shape]`` as the chip made it, or what a dense part or the user made.
        boundary: How it crosses.

    Raises:
        UsageError: It is to be summed and has another number of time steps than the part was made for.
    """
    if boundary.coding.reduces and len(value) != boundary.steps:
        raise UsageError(
            f"{boundary.value!r} has {len(value)} time steps, {boundary.target} was converted for {boundary.steps}",
            hint=f"give samples of {boundary.steps} steps, or convert again with such samples",
        )
    if boundary.coding is Coding.COUNTS:
        return np.asarray(value.sum(axis=0, dtype=np.int32))
    if boundary.coding is Coding.WEIGHTED:
        weights = np.asarray(boundary.weights, np.float64)
        return np.asarray(np.tensordot(weights, _float(value), axes=1), np.float32)
    return value


def error_of(coded: Coded) -> float:
    """Root mean square of what a coding changed, as a share of that of the value; 0 where there is no value."""
    size = float(np.sqrt(np.mean(np.square(coded.meant))))
    return float(np.sqrt(np.mean(np.square(coded.heard - coded.meant)))) / size if size else 0.0


def traffic_of(raster: Array, boundary: Boundary) -> float:
    """Bytes that cross per sample.

    Spikes cross as one message each, payloads likewise unless they are zero, potentials as one word per neuron and
    step; what is held, counted or summed once per neuron.

    Args:
        raster: What enters or leaves the chip, ``[time, batch, *shape]``.
        boundary: How it crosses.
    """
    neurons = math.prod(boundary.shape)
    if boundary.coding is Coding.CONSTANT or boundary.coding.reduces:
        return float(VALUE_BYTES * neurons)
    if boundary.coding is Coding.MEMBRANE:
        return float(len(raster) * neurons * VALUE_BYTES)
    return MESSAGE_BYTES * int(np.count_nonzero(raster)) / int(raster.shape[1])


def _float(value: Array) -> Float64Array:
    return np.asarray(value, np.float64)
