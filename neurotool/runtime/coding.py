"""Encodes values for the chip and reduces what leaves it, as the boundaries of a bundle say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.coding import Coding
from neurotool.ir.partition import Boundary
from neurotool.ir.program import InputPort
from neurotool.runtime.boundary import losses, to_port

FloatArray = npt.NDArray[np.float64]

MESSAGE_BYTES = 4
"""A spike, a payload, a count or a potential crosses as one 32-bit word."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A value on its way onto the chip.

    Attributes:
        payload: What enters the port, ``[time, batch, *shape]``.
        meant: The value as it was, and
        heard: as the chip hears it, both over the window in which the coding can tell a value.
        lost: What was lost beyond the rounding that the port was made for, in words; or empty.
    """

    payload: Array
    meant: FloatArray
    heard: FloatArray
    lost: str = ""


def encode(value: Array, boundary: Boundary, port: InputPort, first: int = 0) -> Coded:
    """Encode a value for an input port.

    Args:
        value: ``[time, batch, *shape]`` in the float meaning of the model, or ``[batch, *shape]`` where the boundary
            has no time axis; it then drives every step.
        boundary: How it crosses.
        port: Where it enters.
        first: Number of the first sample, which random codings draw by.

    Raises:
        UsageError: A binary port is given anything but zeros and ones.
        NegativeAnswerError: A value that should be the same at every step is not.
    """
    raster = value if boundary.timed else np.repeat(value[np.newaxis], boundary.steps, axis=0)
    return ENCODERS[boundary.coding](raster, boundary, port, first)


def _as_it_is(raster: Array, boundary: Boundary, port: InputPort, first: int) -> Coded:
    payload = to_port(raster, port)
    return Coded(payload, _float(raster), _float(payload) * port.scale, losses(raster, port))


def _constant(raster: Array, boundary: Boundary, port: InputPort, first: int) -> Coded:
    """Code the first step and hold it."""
    if not np.array_equal(raster[1:], raster[:-1]):
        raise NegativeAnswerError(
            f"boundary {boundary.value!r} is carried as a constant current, but its value changes over time",
            hint=f"convert again with --coding {boundary.value}=graded",
        )
    held = to_port(raster[:1], port)
    payload = np.repeat(held, len(raster), axis=0)
    return Coded(payload, _float(raster[0]), _float(held[0]) * port.scale, losses(raster[:1], port))


def _rate(raster: Array, boundary: Boundary, port: InputPort, first: int) -> Coded:
    """Draw a spike per step with probability |value| / full scale; its sign is that of the value."""
    share = np.abs(_float(raster)) / port.scale
    fires = np.empty(raster.shape, np.bool_)
    for sample in range(raster.shape[1]):
        stream = np.random.default_rng((boundary.seed, first + sample))
        fires[:, sample] = stream.random((len(raster), *raster.shape[2:])) < share[:, sample]
    payload = _signed(fires, raster, port)
    heard = _float(payload).mean(axis=0) * port.scale
    return Coded(payload, _float(raster).mean(axis=0), heard, _beyond(share, port))


def _latency(raster: Array, boundary: Boundary, port: InputPort, first: int) -> Coded:
    """Fire once, at step ⌊(1 - |value| / full scale) steps⌋; a value of zero never fires."""
    peak, steps = boundary.quantum * boundary.steps, len(raster)
    values = _float(raster[0])
    share = np.minimum(np.abs(values) / peak, 1.0)
    moment = np.minimum(np.floor((1.0 - share) * steps), steps - 1)
    clock = np.arange(steps).reshape(-1, *(1 for _ in values.shape))
    payload = _signed((clock == moment) & (share > 0.0), raster, port)
    heard = np.where(share > 0.0, np.sign(values) * (1.0 - (moment + 0.5) / steps) * peak, 0.0)
    return Coded(payload, values, heard, _beyond(np.abs(values) / peak, port))


def _signed(fires: npt.NDArray[np.bool_], raster: Array, port: InputPort) -> Array:
    return fires if port.message_bits == 0 else (fires * np.sign(raster)).astype(np.int32)


def _beyond(share: FloatArray, port: InputPort) -> str:
    clipped = int(np.count_nonzero(share > 1.0 + 1e-6))
    text = f"input {port.name!r}: {clipped} of {share.size} values exceed full scale and were clipped"
    return text if clipped else ""


ENCODERS: dict[Coding, Callable[[Array, Boundary, InputPort, int], Coded]] = {
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
    neurons = int(np.prod(boundary.shape, dtype=np.int64))
    if boundary.coding is Coding.CONSTANT or boundary.coding.reduces:
        return float(MESSAGE_BYTES * neurons)
    if boundary.coding is Coding.MEMBRANE:
        return float(len(raster) * neurons * MESSAGE_BYTES)
    return MESSAGE_BYTES * int(np.count_nonzero(raster)) / int(raster.shape[1])


def _float(value: Array) -> FloatArray:
    return np.asarray(value, np.float64)
