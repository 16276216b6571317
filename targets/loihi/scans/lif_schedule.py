"""LIF neurons whose threshold follows a table, compiled."""

from __future__ import annotations

from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.lif_schedule import ROWS, threshold_name
from neurotool.neurons.model import IntArray, Parameters
from neurotool.targets.loihi.scans.lif import THRESHOLD, ZERO, U, V, integrate, integration
from neurotool.targets.loihi.scans.loop import LANES, Int32Array, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

LAST = ROWS - 1


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, spikes: SentArray, row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    threshold = THRESHOLD + LANES * min(row, LAST)
    wide = ZERO
    for i in range(a.size):
        u, v, wide_now = integrate(cell, i, a[i])
        wide |= wide_now
        fires = v > cell[threshold + i]
        cell[U + i] = u
        cell[V + i] = ZERO if fires else v
        spikes[i] = fires
    return bool(wide)


class LifScheduleScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.lif_schedule`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[IntArray, ...]:
        """Decays, bias and the thresholds of all rows."""
        return (*integration(parameters), *(parameters[threshold_name(row)] << ALIGNMENT for row in range(ROWS)))
