"""Synapses from every source to every target.

A floating-point product is exact when every sum, in whatever order BLAS forms it, is an integer that the format holds:
for each target the magnitudes of all weights times the largest payload stay below 2^24 in float32 and below 2^53 in
float64. Eight-bit weights keep binary spikes below 2^24 for up to 65,535 sources. Sums beyond both are formed by the
event-driven loops, in integers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.synapses.dense_events import gather_messages, gather_spikes
from neurotool.targets.loihi.synapses.packed import WIDE, Packed
from neurotool.targets.loihi.synapses.protocol import (
    INT32_LIMIT,
    AnyArray,
    Arithmetic,
    Delivered,
    FanOut,
    Messages,
    Summing,
    modulo_32,
    read,
)
from neurotool.targets.loihi.synapses.shift import add_shifted
from neurotool.targets.loihi.workers import Workers

FLOAT32_LIMIT = 1 << 24
FLOAT64_LIMIT = 1 << 53
LARGEST_WEIGHT = 1 << 8

SPIKE_CROSSOVER = 0.9
MESSAGE_CROSSOVER = 0.4
"""Shares of active sources below which adding rows of weights beats the matrix product (benchmarks/engine_paths.py)."""

FLOATS = {Arithmetic.FLOAT32: np.float32, Arithmetic.FLOAT64: np.float64}

BLOCK_BYTES = 1 << 22
"""Size of the blocks in which rasters are converted."""


def choose(bound: int, peak: int, rate: float, summing: Summing) -> Arithmetic:
    """Choose the arithmetic for some messages.

    Args:
        bound: Largest magnitude that any sum or partial sum can have.
        peak: Largest magnitude of a message.
        rate: Share of the messages that are not zero.
        summing: How sums are formed.
    """
    products_wrap = summing.graded and not summing.wraps and peak * LARGEST_WEIGHT >= INT32_LIMIT
    if bound >= FLOAT64_LIMIT or products_wrap or rate < (SPIKE_CROSSOVER if peak == 1 else MESSAGE_CROSSOVER):
        return Arithmetic.EVENTS
    return Arithmetic.FLOAT32 if bound < FLOAT32_LIMIT else Arithmetic.FLOAT64


class DenseSynapses:
    """A matrix of weights.

    Args:
        weights: Mantissas as the chip holds them, int16, ``[source, target]``.
        largest_sum: Largest sum of magnitudes of the weights of a target.
        summing: How sums are formed.

    Attributes:
        weights: The same, packed.
        fan_out: Synapses of each source.
    """

    def __init__(self, weights: npt.NDArray[np.int16], largest_sum: int, summing: Summing) -> None:
        self.weights = Packed.of(weights)
        self.fan_out = FanOut(np.count_nonzero(weights, axis=1))
        self._summing = summing
        self._largest_sum = largest_sum
        self._matrices: dict[Arithmetic, AnyArray] = {}

    @property
    def exact_events(self) -> bool:
        """Whether 32 bits hold every sum of binary spikes."""
        return self._largest_sum < INT32_LIMIT

    @property
    def nbytes(self) -> int:
        """Memory that they hold."""
        return self.weights.pairs.nbytes + sum(matrix.nbytes for matrix in self._matrices.values())

    def deliver(self, heard: AnyArray, activation: Int32Array, workers: Workers) -> Delivered:
        """Add what the messages of some rows deliver; see :class:`.protocol.Synapses`."""
        messages = read(heard, graded=self._summing.graded)
        bound = self._largest_sum * messages.peak
        how = choose(bound, messages.peak, messages.rate, self._summing)
        if how is Arithmetic.EVENTS:
            self._gather(messages, activation, self._summing.room(bound), workers)
        else:
            self._multiply(messages.values, activation, how, workers)
        return Delivered(how, heard.size, messages.events, self.fan_out.met(messages))

    def _gather(self, messages: Messages, activation: Int32Array, kind: npt.DTypeLike, workers: Workers) -> None:
        values, exponent = modulo_32(messages.values), self._summing.exponent
        spikes = values.dtype == np.bool_
        matrix = None if spikes else self._matrix(Arithmetic.EVENTS)

        def part(first: int, last: int) -> None:
            if matrix is None:
                total = np.empty(2 * WIDE, kind)
                gather_spikes(values, *self.weights.arrays, exponent, total, activation, first, last)
            else:
                total = np.empty(self.weights.targets, kind)
                gather_messages(values, matrix, exponent, total, activation, first, last)

        workers.run(part, workers.parts(len(values), messages.events * self.weights.targets // 32))

    def _multiply(self, values: AnyArray, activation: Int32Array, how: Arithmetic, workers: Workers) -> None:
        matrix, (exponent, _, wraps) = self._matrix(how), self._summing
        rows = max(1, BLOCK_BYTES // (matrix.itemsize * sum(matrix.shape)))

        def part(first: int, last: int) -> None:
            for low in range(first, last, rows):
                high = min(low + rows, last)
                add_shifted(values[low:high].astype(matrix.dtype) @ matrix, exponent, wraps, activation[low:high])

        workers.run(part, workers.parts(len(values), values.size * matrix.shape[1] // 32))

    def _matrix(self, how: Arithmetic) -> AnyArray:
        if how not in self._matrices:
            weights = self.weights.unpacked()
            self._matrices[how] = weights if how is Arithmetic.EVENTS else weights.astype(FLOATS[how])
        return self._matrices[how]
