"""Synapses over many time steps at once, by the fastest arithmetic that is provably exact.

A floating-point product is exact when every sum, in whatever order BLAS forms it, is an integer that the format holds:
for each target the magnitudes of all weights times the largest payload stay below 2^24 in float32 and below 2^53 in
float64. Eight-bit weights keep binary spikes below 2^24 for up to 65,535 sources. Sums beyond both are formed by the
event-driven loops, in integers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.ir.program import Projection
from neurotool.neurons.fixed import wrap32
from neurotool.synapses import hardware_weights
from neurotool.targets.loihi.gather import gather_messages, gather_spikes
from neurotool.targets.loihi.workers import Workers

AnyArray = npt.NDArray[Any]
Int32Array = npt.NDArray[np.int32]


class Arithmetic(StrEnum):
    """How a projection was computed; the values are what people read."""

    EVENTS = "event-driven"
    FLOAT32 = "float32 product"
    FLOAT64 = "float64 product"


FLOAT32_LIMIT = 1 << 24
FLOAT64_LIMIT = 1 << 53
BINARY_EVENTS_LIMIT = 1 << 31
"""Binary sums are shifted right without a wrap before, so that 32 bits must hold them."""

SPIKE_CROSSOVER = 0.4
MESSAGE_CROSSOVER = 0.3
"""Shares of active sources below which adding rows of weights beats the matrix product (benchmarks/engine_paths.py)."""

BLOCK_BYTES = 1 << 22
"""Size of the blocks in which weights and rasters are converted."""


def choose(bound: int, rate: float, *, graded: bool) -> Arithmetic:
    """Choose the arithmetic for a raster.

    Args:
        bound: Largest magnitude that any sum or partial sum can have.
        rate: Share of the sources' values that are not zero.
        graded: Whether sources send integers instead of binary spikes.
    """
    exact_events = graded or bound < BINARY_EVENTS_LIMIT
    if bound >= FLOAT64_LIMIT or (exact_events and rate < (MESSAGE_CROSSOVER if graded else SPIKE_CROSSOVER)):
        return Arithmetic.EVENTS
    return Arithmetic.FLOAT32 if bound < FLOAT32_LIMIT else Arithmetic.FLOAT64


class Synapses:
    """One projection, ready to deliver.

    Attributes:
        projection: The projection.
        targets: Number of neurons that every event reaches.
        used: Rows computed by each arithmetic.
        events: Values that were not zero, each of which reaches all targets.
        seen: All values.
    """

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        targets, sources = projection.weights.shape
        self._weights = np.empty((sources, targets), np.int16)
        self._largest_sum = 0
        rows = _rows_of(8 * sources)
        for first in range(0, targets, rows):
            # Mantissas are clipped to nine bits in any case, and 16-bit arithmetic needs a quarter of the time.
            narrow: AnyArray = np.clip(projection.weights[first : first + rows], -256, 256).astype(np.int16)
            block = hardware_weights(replace(projection, weights=narrow))
            self._weights[:, first : first + rows] = block.T
            self._largest_sum = max(self._largest_sum, int(np.abs(block).sum(axis=1, dtype=np.int64).max()))
        self.targets = targets
        self._matrices: dict[Arithmetic, AnyArray] = {}
        self.used: Counter[Arithmetic] = Counter()
        self.events = self.seen = 0

    def deliver(self, heard: AnyArray, activation: Int32Array, workers: Workers) -> None:
        """Add what the spikes or messages of some rows deliver, modulo 2^32.

        Args:
            heard: Bool or integers, ``[row, source]``; a row is one sample in one time step.
            activation: Added to, ``[row, target]``, contiguous.
            workers: Threads to use.
        """
        graded = self.projection.message_bits > 0
        peak = 1
        if not graded:
            heard = heard if heard.dtype == np.bool_ else heard != 0
        elif heard.dtype != np.bool_:
            heard = heard.astype(np.int64)
            peak = max(int(heard.max()), -int(heard.min()))
        active = int(np.count_nonzero(heard))
        how = choose(self._largest_sum * peak, active / heard.size, graded=graded)
        self.used[how] += len(heard)
        self.events += active
        self.seen += heard.size
        if how is Arithmetic.EVENTS:
            self._gather(heard, activation, active, workers)
        else:
            self._multiply(heard, activation, how)

    def _gather(self, heard: AnyArray, activation: Int32Array, active: int, workers: Workers) -> None:
        exponent = self.projection.weight_exp
        graded = self.projection.message_bits > 0
        gather = gather_messages if graded else gather_spikes
        messages: AnyArray = heard.astype(np.int32) if graded else np.ascontiguousarray(heard)

        def part(first: int, last: int) -> None:
            gather(messages, self._weights, exponent, activation, first, last)

        workers.run(part, workers.parts(len(heard), active * self._weights.shape[1] // 16))

    def _multiply(self, heard: AnyArray, activation: Int32Array, how: Arithmetic) -> None:
        matrix = self._matrix(how)
        whole = np.int32 if how is Arithmetic.FLOAT32 else np.int64
        exponent = self.projection.weight_exp
        rows = _rows_of(matrix.itemsize * sum(matrix.shape))
        for first in range(0, len(heard), rows):
            total: AnyArray = (heard[first : first + rows].astype(matrix.dtype) @ matrix).astype(whole)
            if how is Arithmetic.FLOAT64 and self.projection.message_bits:
                total = wrap32(total)
            total = total << exponent if exponent >= 0 else total >> -exponent
            activation[first : first + rows] += total.astype(np.int32, copy=False)

    def _matrix(self, how: Arithmetic) -> AnyArray:
        if how not in self._matrices:
            self._matrices[how] = self._weights.astype(np.float32 if how is Arithmetic.FLOAT32 else np.float64)
        return self._matrices[how]


def _rows_of(row_bytes: int) -> int:
    return max(1, BLOCK_BYTES // row_bytes)
