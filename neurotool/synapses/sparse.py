"""Listed synapses, as ``lava.proc.sparse.models.PySparseModelBitAcc`` (lava-nc 0.10.0) computes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.ir.program import Sparse
from neurotool.neurons.fixed import wrap32


def accumulate(
    weights: Int64Array, synapses: Sparse, targets: int, messages: npt.NDArray[np.generic], *, graded: bool
) -> Int64Array:
    """Sum what the messages of one step deliver.

    Args:
        weights: Mantissa of each synapse, ``[synapse]``.
        synapses: Source and target of each synapse.
        targets: Number of target neurons.
        messages: Bool or integer payloads, ``[batch, source]``.
        graded: Whether payloads count; otherwise every message that is not zero is a spike.

    Returns:
        The sums before the shift, ``[batch, target]``; those of graded messages wrap at 32 bits.
    """
    payloads = messages.astype(np.int64) if graded else (messages != 0).astype(np.int64)
    total = np.zeros((len(messages), targets), np.int64)
    for row, payload in zip(total, payloads, strict=True):
        np.add.at(row, synapses.targets, weights * payload[synapses.sources])
    return wrap32(total) if graded else total
