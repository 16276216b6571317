"""Dense synapses, as ``lava.proc.dense.models.PyDenseModelBitAcc`` (lava-nc 0.10.0) computes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.neurons.fixed import wrap32

IntArray = npt.NDArray[np.int64]


def accumulate(weights: IntArray, messages: npt.NDArray[np.generic], *, graded: bool) -> IntArray:
    """Sum what the messages of one step deliver.

    Args:
        weights: Mantissas, ``[target, source]``.
        messages: Bool or integer payloads, ``[batch, source]``.
        graded: Whether payloads count; otherwise every message that is not zero is a spike.

    Returns:
        The sums before the shift, ``[batch, target]``; those of graded messages wrap at 32 bits.
    """
    if graded:
        total: IntArray = messages.astype(np.int64) @ weights.T
        return wrap32(total)
    # Sums of at most 256 * fan-in are exact in float64, and BLAS is much faster than an integer product.
    return ((messages != 0).astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64)
