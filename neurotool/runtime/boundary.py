"""Moves values across the border between the chip and torch."""

from __future__ import annotations

import numpy as np

from neurotool.errors import UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.program import InputPort


def to_port(value: Array, port: InputPort) -> Array:
    """Encode a value for an input port of a chip program.

    Binary ports take spikes. Graded ports take the nearest integer payload, limited to the width of the port.

    Args:
        value: ``[time, batch, *shape]`` in the float meaning of the model.
        port: Where it enters.

    Raises:
        UsageError: A binary port is given anything but zeros and ones.
    """
    if port.message_bits == 0:
        spikes = np.not_equal(value, 0)
        if value.dtype != np.bool_ and not np.array_equal(spikes, value):
            raise UsageError(
                f"input {port.name!r} takes binary spikes, but the data holds other values",
                hint="encode the data (--encode rate|latency --steps N), or convert again with --encode graded",
            )
        return spikes
    largest = (1 << (port.message_bits - 1)) - 1
    payload = np.rint(value.astype(np.float64) / port.scale)
    return np.clip(payload, -largest, largest).astype(np.int32)


def losses(value: Array, port: InputPort) -> str:
    """Say what :func:`to_port` loses of a value beyond the rounding that the port was made for; empty if nothing.

    That is values beyond the range of the port, and fractions on a port that was made for whole numbers.
    """
    if port.message_bits == 0 or value.dtype == np.bool_:
        return ""
    largest = ((1 << (port.message_bits - 1)) - 1) * port.scale
    clipped = int(np.count_nonzero(np.abs(value) > largest * (1 + 1e-6)))
    if clipped:
        return f"input {port.name!r}: {clipped} of {value.size} values exceed ±{largest:g} and were clipped"
    fractions = int(np.count_nonzero(value != np.rint(value))) if port.scale == 1.0 else 0
    if fractions:
        return f"input {port.name!r}: {fractions} of {value.size} values are no whole numbers and were rounded"
    return ""


def to_tensor(value: Array) -> Array:
    """Hand a value to torch: spikes and payloads become float32, floats stay as they are."""
    return value if np.issubdtype(value.dtype, np.floating) else value.astype(np.float32)
