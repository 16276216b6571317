"""LIF neurons whose threshold follows a table, compiled."""

from __future__ import annotations

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.lif_schedule import ROWS, threshold_name
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans import lif
from neurotool.targets.loihi.scans.lif import THRESHOLD
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

LAST = ROWS - 1
TABLE = THRESHOLD + LANES


@inner
def step(cell: Int32Array, a: Int32Array, b: Int32Array, spikes: SentArray, row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    table = TABLE + LANES * min(row, LAST)
    for i in range(a.size):  # to where LIF looks: with a place known at run time only, its loop is not vectorised
        cell[THRESHOLD + i] = cell[table + i]
    return lif.step(cell, a, b, spikes, row)


class LifScheduleScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.lif_schedule`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Those of LIF, then the thresholds of all rows."""
        table = [parameters[threshold_name(row)] << ALIGNMENT for row in range(ROWS)]
        return (*lif.integration(parameters), table[0], *table)
