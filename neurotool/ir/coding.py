"""How a value crosses from one side of a model to the other."""

from __future__ import annotations

from enum import StrEnum


class Coding(StrEnum):
    """Form in which a value crosses a boundary.

    Onto the chip:

    ``SPIKES``: binary spikes, as they are. ``GRADED``: a signed integer payload at every step. ``CONSTANT``: a value
    that drives every step alike is written once and held as a current, in 13 bits. ``RATE``: a random spike per step
    with the value as its probability. ``LATENCY``: one spike, the earlier the larger the value.

    Off the chip:

    ``RASTER``: all spikes of all steps. ``COUNTS``: the number of spikes of each neuron. ``WEIGHTED``: the sum over
    time with one weight per step. ``MEMBRANE``: the potential of a read-out at every step.

    Between dense parts: ``TENSOR``, as it is.
    """

    SPIKES = "spikes"
    GRADED = "graded"
    CONSTANT = "constant"
    RATE = "rate"
    LATENCY = "latency"
    RASTER = "raster"
    COUNTS = "counts"
    WEIGHTED = "weighted"
    MEMBRANE = "membrane"
    TENSOR = "tensor"

    @property
    def reduces(self) -> bool:
        """Whether the time axis is summed before the value crosses."""
        return self in (Coding.COUNTS, Coding.WEIGHTED)


MESSAGE_BYTES = 4
"""Bytes of a spike or graded spike: a 32-bit message (Davies et al., IEEE Micro 38(1), 2018)."""

VALUE_BYTES = 4
"""Bytes of a membrane potential, a count, a weighted sum or a held current: one 32-bit word.

It is as wide as a message by chance, and stands apart so that each can be changed alone.
"""

TO_SPIKING = (Coding.SPIKES, Coding.GRADED, Coding.CONSTANT, Coding.RATE, Coding.LATENCY)
TO_DENSE = (Coding.RASTER, Coding.COUNTS, Coding.WEIGHTED, Coding.MEMBRANE)
