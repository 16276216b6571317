"""LIF neurons that return to zero at regular intervals, compiled."""

from __future__ import annotations

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans import lif
from neurotool.targets.loihi.scans.lif import THRESHOLD, ZERO, U, V
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

INTERVAL, OFFSET = (THRESHOLD + LANES * i for i in (1, 2))


@inner
def step(cell: Int32Array, a: Int32Array, b: Int32Array, spikes: SentArray, row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    if row % cell[INTERVAL] == cell[OFFSET] % cell[INTERVAL]:  # the same for all neurons
        for i in range(a.size):
            cell[U + i] = ZERO
            cell[V + i] = ZERO
    return lif.step(cell, a, b, spikes, row)


class LifResetScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.lif_reset`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Those of LIF, then interval and offset."""
        threshold = parameters["vth"] << ALIGNMENT
        return (*lif.integration(parameters), threshold, parameters["reset_interval"], parameters["reset_offset"])
