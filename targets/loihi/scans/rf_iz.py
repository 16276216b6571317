"""Resonate-and-fire neurons that reset, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array
from neurotool.targets.loihi.scans.loop import SentArray, inner
from neurotool.targets.loihi.scans.rf import BITS, EXPONENT, IMAG, REAL, THRESHOLD, RfScan, resonate


@inner
def step(cell: Int32Array, a_real: Int32Array, a_imag: Int32Array, spikes: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = False
    bits, exponent = np.int64(cell[BITS]), cell[EXPONENT]  # the same for all neurons, as is the threshold
    threshold = np.int64(cell[THRESHOLD])
    for i in range(a_real.size):
        real, imag, wide_now = resonate(cell, i, a_real[i], a_imag[i], bits, exponent)
        wide |= wide_now
        fires = imag >= threshold
        spikes[i] = fires
        cell[REAL + i] = np.int64(0) if fires else real
        cell[IMAG + i] = threshold - 1 if fires else imag
    return wide


class RfIzScan(RfScan):
    """The neuron of :mod:`neurotool.neurons.rf_iz`, with the constants of RF."""

    step = staticmethod(step)
