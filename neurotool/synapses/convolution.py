"""Convolutions, as ``lava.proc.conv.models.PyConvModelFixed`` (lava-nc 0.10.0) computes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.ir.connectivity import convolved, planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import Convolution

SUM_LIMIT = 1 << 23
"""Sums wrap at 24 bits."""


def accumulate(
    weights: Int64Array, convolution: Convolution, source: Shape, messages: npt.NDArray[np.generic], *, graded: bool
) -> Int64Array:
    """Sum what the messages of one step deliver, one tap of the kernel after the other.

    Args:
        weights: Mantissas, ``[channel out, channel in / groups, row, column]``.
        convolution: Stride, padding, dilation and groups.
        source: Shape of the source.
        messages: Bool or integer payloads, ``[batch, source]``.
        graded: Whether payloads count; otherwise every message that is not zero is a spike.

    Returns:
        The sums, ``[batch, target]``, wrapped at 24 bits.
    """
    batch, groups = len(messages), convolution.groups
    payloads = messages.astype(np.int64) if graded else (messages != 0).astype(np.int64)
    (top, side), (down, across) = convolution.padding, convolution.stride
    image = np.pad(payloads.reshape(batch, *planes(source)), ((0, 0), (0, 0), (top, top), (side, side)))
    image = image.reshape(batch, groups, -1, *image.shape[2:])
    kernels = weights.reshape(groups, -1, *weights.shape[1:])
    _, rows, columns = convolved(source, weights.shape, convolution)
    total = np.zeros((batch, *kernels.shape[:2], rows, columns), np.int64)
    for i, j in np.ndindex(*weights.shape[2:]):
        row, column = i * convolution.dilation[0], j * convolution.dilation[1]
        seen = image[..., row : row + rows * down : down, column : column + columns * across : across]
        total += np.einsum("bgchw,goc->bgohw", seen, kernels[..., i, j])
    wrapped: Int64Array = (total + SUM_LIMIT) % (2 * SUM_LIMIT) - SUM_LIMIT
    return wrapped.reshape(batch, -1)
