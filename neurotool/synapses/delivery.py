"""From what a source sent to what a target hears: connectivity, delays and exponent together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.ir.program import AllToAll, ChipProgram, Projection, Sparse
from neurotool.synapses import convolution, dense, sparse
from neurotool.synapses.precision import hardware_weights, shifted

Messages = npt.NDArray[np.generic]


class Delivery:
    """One projection, ready to deliver.

    Attributes:
        projection: The projection.
        delays: Delays that occur, in rising order.
    """

    def __init__(self, program: ChipProgram, projection: Projection) -> None:
        self.projection = projection
        self._source = program.shape_of(projection.source)
        self._targets = program.size_of(projection.target)
        weights = hardware_weights(projection)
        if projection.delays is None:
            self._weights = {0: weights}
        else:
            held = (int(delay) for delay in np.unique(projection.delays))
            self._weights = {delay: weights * (projection.delays == delay) for delay in held}
        self.delays = tuple(self._weights)

    def activation(self, sent: Callable[[int], Messages | None]) -> Int64Array | int:
        """Sum over the delays what arrives in one step.

        Args:
            sent: Gives the messages, ``[batch, source]``, that a synapse of some delay delivers now, or None.

        Returns:
            The activation, ``[batch, target]``, or 0.
        """
        total: Int64Array | int = 0
        for delay, weights in self._weights.items():
            messages = sent(delay)
            if messages is not None:
                total = total + shifted(self._sum(weights, messages), self.projection)
        return total

    def _sum(self, weights: Int64Array, messages: Messages) -> Int64Array:
        connectivity, graded = self.projection.connectivity, self.projection.message_bits > 0
        if isinstance(connectivity, AllToAll):
            delayed = self.projection.delays is not None
            return (dense.accumulate_delayed if delayed else dense.accumulate)(weights, messages, graded=graded)
        if isinstance(connectivity, Sparse):
            return sparse.accumulate(weights, connectivity, self._targets, messages, graded=graded)
        return convolution.accumulate(weights, connectivity, self._source, messages, graded=graded)
