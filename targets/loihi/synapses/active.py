"""Lists the sources that are active, for the event-driven loops."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.synapses.vectors import BITS, AnyArray, lowest, nonzero


@compiled
def list_active(messages: AnyArray, first: int, count: int, active: Int32Array) -> int:
    """List which of some messages are not zero.

    Args:
        messages: Bool or integers, contiguous, one axis.
        first: Place of the first message to look at.
        count: How many to look at.
        active: Filled in with their places behind ``first``; has room for one more than ``count``.

    Returns:
        How many there are.
    """
    found, start = 0, 0
    while start < count and first + start + BITS <= messages.size:
        bits = nonzero(messages, first + start)
        if count - start < BITS:  # what follows belongs to others
            bits &= (np.uint64(1) << np.uint64(count - start)) - np.uint64(1)
        while bits != 0:
            active[found] = start + lowest(bits)
            found += 1
            bits &= bits - np.uint64(1)
        start += BITS
    for place in range(start, count):  # at the very end; without a branch, as the processor cannot predict spikes
        active[found] = place
        found += messages[first + place] != 0
    return found
