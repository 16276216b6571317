"""Shapes that connectivities imply, and what must hold for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.ir.graph import Shape
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Projection, Sparse

DELAY_MAX = 63
"""Longest delay in steps, as Lava's delay synapses have it."""


def planes(shape: Shape) -> tuple[int, int, int]:
    """Return (channels, rows, columns) of a shape that a convolution reads or writes.

    Raises:
        ValueError: The shape has neither two nor three axes.
    """
    if len(shape) == 2:
        return shape[0], 1, shape[1]
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    raise ValueError(f"a convolution needs a shape (channels, rows, columns) or (channels, columns), not {shape}")


def convolved(source: Shape, weights: Shape, convolution: Convolution) -> tuple[int, int, int]:
    """Return (channels, rows, columns) of what a convolution with weights of this shape makes of a source."""
    _, *size = planes(source)
    rows, columns = (
        (n + 2 * convolution.padding[i] - convolution.dilation[i] * (weights[2 + i] - 1) - 1) // convolution.stride[i]
        + 1
        for i, n in enumerate(size)
    )
    return weights[0], rows, columns


def connectivity_problems(program: ChipProgram, projection: Projection) -> Iterator[str]:
    """List what is wrong with the weights, indices and delays of a projection, one phrase each."""
    weights, connectivity = projection.weights, projection.connectivity
    if weights.dtype != np.int64:
        yield f"weights are {weights.dtype}, expected int64"
    source, target = program.size_of(projection.source), program.size_of(projection.target)
    if isinstance(connectivity, AllToAll):
        if weights.shape != (target, source):
            yield f"weights have shape {weights.shape}, expected {(target, source)}, (target, source) size"
    elif isinstance(connectivity, Sparse):
        yield from _index_problems("targets", connectivity.targets, weights, target)
        yield from _index_problems("sources", connectivity.sources, weights, source)
    else:
        yield from _convolution_problems(program, projection, connectivity)
    yield from _delay_problems(projection)


def _index_problems(name: str, indices: Int64Array, weights: Int64Array, size: int) -> Iterator[str]:
    if weights.ndim != 1 or indices.dtype != np.int64 or indices.shape != weights.shape:
        yield f"{name} are {indices.dtype} {indices.shape}, expected int64 {weights.shape}, one per synapse"
    elif indices.size and not 0 <= indices.min() <= indices.max() < size:
        yield f"{name} reach from {indices.min()} to {indices.max()}, expected 0 to {size - 1}"


def _convolution_problems(program: ChipProgram, projection: Projection, convolution: Convolution) -> Iterator[str]:
    source, target = program.shape_of(projection.source), program.shape_of(projection.target)
    weights, groups = projection.weights.shape, convolution.groups
    for shape in (source, target):
        if len(shape) not in (2, 3):
            yield f"a convolution cannot join shapes {source} and {target}, expected (channels, rows, columns)"
            return
    if len(weights) != 4 or 0 in weights:
        yield f"weights have shape {weights}, expected (channels out, channels in / groups, rows, columns)"
        return
    if min(*convolution.stride, *convolution.dilation, groups) < 1 or min(convolution.padding) < 0:
        yield f"{convolution} needs positive strides, dilations and groups, and no negative padding"
        return
    if planes(source)[0] != weights[1] * groups or weights[0] % groups:
        yield f"weights {weights} in {groups} group(s) do not fit {planes(source)[0]} source channels"
    elif convolved(source, weights, convolution) != planes(target):
        yield f"gives shape {convolved(source, weights, convolution)}, but the target has {target}"


def _delay_problems(projection: Projection) -> Iterator[str]:
    delays = projection.delays
    if delays is None:
        return
    if isinstance(projection.connectivity, Convolution):
        yield "a convolution has no delays"
    elif delays.dtype != np.int64 or delays.shape != projection.weights.shape:
        yield f"delays are {delays.dtype} {delays.shape}, expected int64 {projection.weights.shape}, one per synapse"
    elif delays.size and not 0 <= delays.min() <= delays.max() <= DELAY_MAX:
        yield f"delays reach from {delays.min()} to {delays.max()}, expected 0 to {DELAY_MAX} steps"
