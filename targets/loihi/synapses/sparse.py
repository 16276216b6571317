"""Synapses listed one by one, ordered by source.

All arithmetic is in integers: either every active source adds its weights to its targets one after another, or, where
many are active, every synapse is met once for a block of rows at a time, so that one vector instruction serves several.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.synapses.protocol import (
    INT32_LIMIT,
    AnyArray,
    Arithmetic,
    Delivered,
    FanOut,
    Summing,
    modulo_32,
    read,
)
from neurotool.targets.loihi.synapses.sparse_events import LANES, multiply, scatter
from neurotool.targets.loihi.workers import Workers

CROSSOVER = 0.2
"""Share of active sources below which single events beat blocks of rows (benchmarks/engine_paths.py)."""


class Columns(NamedTuple):
    """Synapses ordered by source.

    Attributes:
        starts: Position of the first synapse of each source, and the end of the last, ``[source + 1]``.
        targets: Target of each synapse.
        weights: Its mantissa, as the chip holds it.
    """

    starts: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int32]
    weights: npt.NDArray[np.int16]


class SparseSynapses:
    """Single synapses.

    Args:
        columns: The synapses.
        targets: Number of target neurons.
        summing: How sums are formed.

    Attributes:
        columns: The same.
        fan_out: Synapses of each source.
    """

    def __init__(self, columns: Columns, targets: int, summing: Summing) -> None:
        self.columns = columns
        self.fan_out = FanOut(np.diff(columns.starts))
        self._targets = targets
        self._summing = summing
        low, high = columns.starts[0], columns.starts[-1]
        magnitudes = np.abs(columns.weights[low:high])
        self._largest_sum = int(np.bincount(columns.targets[low:high], magnitudes, targets).max(initial=0))

    @property
    def exact_events(self) -> bool:
        """Whether 32 bits hold every sum of binary spikes."""
        return self._largest_sum < INT32_LIMIT

    @property
    def nbytes(self) -> int:
        """Memory that they hold."""
        starts, targets, weights = self.columns
        return starts.nbytes + int(starts[-1] - starts[0]) * (targets.itemsize + weights.itemsize)

    def deliver(self, heard: AnyArray, activation: Int32Array, workers: Workers) -> Delivered:
        """Add what the messages of some rows deliver; see :class:`.protocol.Synapses`."""
        messages = read(heard, graded=self._summing.graded)
        operations = self.fan_out.met(messages)
        how = Arithmetic.INTEGERS if messages.rate > CROSSOVER and len(heard) >= LANES else Arithmetic.EVENTS
        values, kind = modulo_32(messages.values), self._summing.room(self._largest_sum * messages.peak)

        def part(first: int, last: int) -> None:
            if how is Arithmetic.EVENTS:
                total = np.empty(self._targets, kind)
                scatter(values, *self.columns, self._summing.exponent, total, activation, first, last)
            else:
                sums = np.empty((self._targets, LANES), kind)
                multiply(values, *self.columns, self._summing.exponent, sums, activation, first, last)

        workers.run(part, workers.parts(len(heard), operations))
        return Delivered(how, heard.size, messages.events, operations)
