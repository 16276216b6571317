"""Integrate-and-fire neurons with an adaptive threshold and refractoriness, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import ALIGNMENT, DECAY_UNITY
from neurotool.neurons.lif import bias
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import decay, is_wide, saturate
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

I, V, THETA, R, KEEP_I, KEEP_V, KEEP_THETA, KEEP_R, REST, STEP, BIAS = (LANES * i for i in range(11))  # noqa: E741

LIMIT = np.int64(1 << 23)


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, spikes: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = False
    for n in range(a.size):
        summed = decay(cell[I + n], cell[KEEP_I + n]) + np.int32(a[n] << ALIGNMENT)
        current = np.int64(np.int32(summed))
        once = current - 2 * LIMIT if current > LIMIT else current
        current = current + 2 * LIMIT if once <= -LIMIT else once
        charged = np.int64(np.int32(decay(cell[V + n], cell[KEEP_V + n]) + current + cell[BIAS + n]))
        v = saturate(charged)
        rest = np.int64(cell[REST + n])
        theta = np.int64(np.int32(decay(np.int32(cell[THETA + n] - rest), cell[KEEP_THETA + n]) + rest))
        r = decay(cell[R + n], cell[KEEP_R + n])
        fires = np.int32(v - r) >= theta
        r = r + 2 * theta if fires else r
        theta = theta + cell[STEP + n] if fires else theta
        wide |= is_wide(summed) | is_wide(charged) | is_wide(theta) | is_wide(r)
        cell[I + n] = current
        cell[V + n] = v
        cell[THETA + n] = theta
        cell[R + n] = r
        spikes[n] = fires
    return wide


class AtrLifScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.atrlif`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """What remains of each state, in 4096th; threshold at rest and its step; bias."""
        kept = [DECAY_UNITY - parameters[f"delta_{name}"] for name in ("i", "v", "theta", "r")]
        kept[0] = kept[0] - 1  # one more than delta_i is lost in every step, as in the reference
        thresholds = parameters["theta_0"] << ALIGNMENT, parameters["theta_step"] << ALIGNMENT
        return (*kept, *thresholds, bias(parameters))
