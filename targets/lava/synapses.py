"""Lowers one projection to a stock connection process of Lava."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.ir.connectivity import planes
from neurotool.ir.program import ChipProgram, Convolution, Projection, Sparse
from neurotool.targets.lava.job import Connection, Geometry


def connection(program: ChipProgram, projection: Projection) -> Connection:
    """Return the process that delivers what a projection delivers."""
    options: dict[str, Any] = {
        "source": projection.source,
        "target": projection.target,
        "port": input_port(projection.port),
        "weight_exp": projection.weight_exp,
        "num_weight_bits": projection.weight_bits,
        "sign_mode": projection.sign_mode.value,
        "num_message_bits": projection.message_bits,
    }
    arrays = {"weights": projection.weights}
    if isinstance(projection.connectivity, Convolution):
        geometry = _geometry(program, projection.source, projection.connectivity)
        return Connection(arrays={"weights": _lava_kernel(projection.weights)}, geometry=geometry, **options)
    if projection.delays is not None:  # even if all are zero: DelayDense wraps sums elsewhere than Dense
        arrays["delays"] = projection.delays
    if isinstance(projection.connectivity, Sparse):
        columns, copies = _columns(projection.connectivity, program.size_of(projection.source))
        arrays |= {"rows": projection.connectivity.targets, "columns": columns}
        return Connection(arrays=arrays, copies=copies, **options)
    return Connection(arrays=arrays, **options)


def input_port(name: str) -> str:
    """Return Lava's name of an input, which has ``_in`` at its end or before its number: a_in, a_real_in, a_in1."""
    word = name.rstrip("0123456789")
    return f"{word}_in{name.removeprefix(word)}"


def _geometry(program: ChipProgram, source: str, convolution: Convolution) -> Geometry:
    channels, rows, columns = planes(program.shape_of(source))
    (down, across), (top, side), (tall, wide) = convolution.stride, convolution.padding, convolution.dilation
    return Geometry((columns, rows, channels), (across, down), (side, top), (wide, tall), convolution.groups)


def _lava_kernel(weights: Int64Array) -> npt.NDArray[np.int64]:
    """Turn ``[out, in, row, column]`` into ``[out, column, row, in]`` and flip it: Lava convolves, torch correlates."""
    return np.ascontiguousarray(weights[:, :, ::-1, ::-1].transpose(0, 3, 2, 1))


def _columns(synapses: Sparse, source: int) -> tuple[Int64Array, int]:
    """Give each synapse its column in a matrix that repeats the source, so that no two synapses share a place.

    A matrix has one place for a pair of neurons; the second synapse of a pair goes to the second copy of the source.

    Returns:
        The columns, and the number of copies of the source.
    """
    order = np.lexsort((synapses.sources, synapses.targets))
    pairs = np.stack((synapses.targets[order], synapses.sources[order]))
    begins = np.ones(len(order), bool)
    begins[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    place = np.arange(len(order))
    copy = np.empty(len(order), np.int64)
    copy[order] = place - np.maximum.accumulate(np.where(begins, place, 0))
    return copy * source + synapses.sources, int(copy.max(initial=0)) + 1
