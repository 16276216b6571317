"""What a value on an edge is, and when a node runs relative to time."""

from __future__ import annotations

from enum import StrEnum


class ValueKind(StrEnum):
    """Meaning of the values on an edge.

    ``SPIKES`` are 0 or 1 (or an integer payload on graded inputs), ``CURRENT`` is what a synapse delivers to a neuron,
    ``FLOAT`` is any other real value (activations, membrane potentials of a read-out).
    """

    SPIKES = "spikes"
    CURRENT = "current"
    FLOAT = "float"


class TimeScope(StrEnum):
    """When a node runs.

    ``ONCE``: on values without a time axis. ``PER_STEP``: on each time step by itself (or with its own state).
    ``OVER_TIME``: on the whole raster at once, such as a mean over time.
    """

    ONCE = "once"
    PER_STEP = "per_step"
    OVER_TIME = "over_time"
