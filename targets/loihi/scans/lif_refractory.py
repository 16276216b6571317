"""LIF neurons with a refractory period, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.lif import ZERO, current, integration, membrane
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

U, V, HELD, KEEP_U, KEEP_V, BIAS, THRESHOLD, PERIOD = (LANES * i for i in range(8))

ONE = np.int32(1)


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, spikes: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = ZERO
    for i in range(a.size):
        u, wide_u = current(cell[U + i], cell[KEEP_U + i], a[i])
        held = cell[HELD + i]
        charge = ZERO if held > ZERO else np.int32(u + cell[BIAS + i])
        v, wide_v = membrane(cell[V + i], cell[KEEP_V + i], charge)
        wide |= np.int32(wide_u | wide_v)
        fires = v > cell[THRESHOLD + i]
        cell[U + i] = u
        cell[V + i] = ZERO if fires else v
        left = np.int32(held - ONE) if held > ZERO else held
        cell[HELD + i] = np.int32(left + cell[PERIOD + i]) if fires else left
        spikes[i] = fires
    return bool(wide)


class LifRefractoryScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.lif_refractory`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Decays, bias, threshold and refractory period."""
        return (*integration(parameters), parameters["vth"] << ALIGNMENT, parameters["refractory_period"])
