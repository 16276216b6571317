"""What every form of synapses offers, and how messages are read before they are delivered."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array
from neurotool.ir.program import AllToAll, Projection
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.workers import Workers

AnyArray = npt.NDArray[Any]


class Arithmetic(StrEnum):
    """How a projection was computed; the values are what people read."""

    EVENTS = "event-driven"
    WINDOWS = "event-driven by window"
    FLOAT32 = "float32 product"
    FLOAT64 = "float64 product"
    INTEGERS = "integer product"


class Delivered(NamedTuple):
    """What one delivery did.

    Attributes:
        how: The arithmetic.
        seen: Values that the sources could have sent.
        events: Those that were not zero.
        operations: Synaptic operations: for every event the weights other than zero that it met.
    """

    how: Arithmetic
    seen: int
    events: int
    operations: int


class Synapses(Protocol):
    """Synapses of one projection that share a delay, ready to deliver. They hold no state of a run.

    Attributes:
        nbytes: Memory that they hold.
    """

    @property
    def nbytes(self) -> int:
        """Memory that they hold."""
        ...

    def deliver(self, heard: AnyArray, activation: Int32Array, workers: Workers) -> Delivered:
        """Add what the messages of some rows deliver, modulo 2^32.

        Args:
            heard: Bool or integers, ``[row, source]``; a row is one sample in one time step.
            activation: Added to, ``[row, target]``, contiguous.
            workers: Threads to use.
        """
        ...


INT32_LIMIT = 1 << 31


class Summing(NamedTuple):
    """How a projection forms its sums.

    Attributes:
        exponent: Power of two on each sum, rounding towards minus infinity.
        graded: Whether payloads count.
        wraps: Whether sums wrap at 32 bits before the shift. Where payloads count and sums do not wrap, as in Lava's
            ``DelayDense``, each product does.
    """

    exponent: int
    graded: bool
    wraps: bool

    @classmethod
    def of(cls, projection: Projection) -> Summing:
        """Return how a projection that is no convolution forms its sums."""
        graded = projection.message_bits > 0
        delayed_matrix = isinstance(projection.connectivity, AllToAll) and projection.delays is not None
        return cls(projection.weight_exp, graded, wraps=graded and not delayed_matrix)

    def room(self, bound: int) -> npt.DTypeLike:
        """Return the type of integer sums: 32 bits where those wrap, or never exceed them."""
        return np.int32 if self.wraps or bound < INT32_LIMIT else np.int64


class Messages(NamedTuple):
    """Messages as synapses take them.

    Attributes:
        values: Bool, or integers where payloads count, ``[row, source]``.
        peak: Largest magnitude among them, at least 1.
        events: Number of those that are not zero.
    """

    values: AnyArray
    peak: int
    events: int

    @property
    def rate(self) -> float:
        """Share of the values that are not zero."""
        return self.events / self.values.size


def read(heard: AnyArray, *, graded: bool) -> Messages:
    """Read messages: as spikes if payloads do not count, which are then everything but zero."""
    if heard.dtype == np.bool_:
        return Messages(heard, 1, int(np.count_nonzero(heard)))
    if not graded:
        spikes: AnyArray = heard != 0
        return Messages(spikes, 1, int(np.count_nonzero(spikes)))
    values = heard if heard.dtype in (np.int32, np.int64) else heard.astype(np.int64)
    return Messages(values, max(int(values.max()), -int(values.min()), 1), int(np.count_nonzero(values)))


def modulo_32(values: AnyArray) -> AnyArray:
    """Return messages as compiled loops take them: contiguous, bool or integers modulo 2^32."""
    return np.ascontiguousarray(values, np.bool_ if values.dtype == np.bool_ else np.int32)


class FanOut:
    """Synapses from each source with a weight other than zero.

    Args:
        counts: Their number, ``[source]``.

    Attributes:
        counts: The same, int32.
    """

    def __init__(self, counts: npt.NDArray[np.integer]) -> None:
        self.counts = counts.astype(np.int32)
        self._same = int(counts[0]) if len(counts) and (counts == counts[0]).all() else None

    def met(self, messages: Messages) -> int:
        """Number of synapses that some messages meet."""
        if self._same is not None:
            return messages.events * self._same
        return _met(messages.values, self.counts) if messages.events else 0


@compiled
def _met(values: AnyArray, counts: Int32Array) -> int:
    total = 0
    for row in range(values.shape[0]):
        for source in range(values.shape[1]):
            total += counts[source] * (values[row, source] != 0)
    return total
