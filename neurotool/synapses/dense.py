"""Dense synapses, as ``lava.proc.dense.models.PyDenseModelBitAcc`` (lava-nc 0.10.0) computes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import wrap32


def accumulate_delayed(weights: Int64Array, messages: npt.NDArray[np.generic], *, graded: bool) -> Int64Array:
    """Sum what the messages of one step deliver through synapses of one delay.

    The same as :func:`accumulate` but for graded messages so large that sums leave 32 bits: Lava's ``DelayDense`` wraps
    each product at 32 bits and the sum only after the shift.
    """
    if not graded:
        return accumulate(weights, messages, graded=False)
    return np.stack([wrap32(weights * sample.astype(np.int64)).sum(axis=1) for sample in messages])


def accumulate(weights: Int64Array, messages: npt.NDArray[np.generic], *, graded: bool) -> Int64Array:
    """Sum what the messages of one step deliver.

    Args:
        weights: Mantissas, ``[target, source]``.
        messages: Bool or integer payloads, ``[batch, source]``.
        graded: Whether payloads count; otherwise every message that is not zero is a spike.

    Returns:
        The sums before the shift, ``[batch, target]``; those of graded messages wrap at 32 bits.
    """
    if graded:
        total: Int64Array = messages.astype(np.int64) @ weights.T
        return wrap32(total)
    # Sums of at most 256 * fan-in are exact in float64, and BLAS is much faster than an integer product.
    sums: npt.NDArray[np.float64] = (messages != 0).astype(np.float64) @ weights.T.astype(np.float64)
    return sums.astype(np.int64)
