"""Resonate-and-fire neurons, compiled."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.arithmetic import is_wide, saturate, shift_to_zero
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

REAL, IMAG, SIN, COS, BITS, EXPONENT, THRESHOLD = (LANES * i for i in range(7))


@inner
def resonate(
    cell: Int32Array, i: int, a_real: np.int32, a_imag: np.int32, bits: np.int64, exponent: np.int32
) -> tuple[np.int64, np.int64, bool]:
    """Return real part, imaginary part and whether one of them left 24 bits, for lane ``i``."""
    sin, cos = np.int64(cell[SIN + i]), np.int64(cell[COS + i])
    real, imag = np.int64(cell[REAL + i]), np.int64(cell[IMAG + i])
    turned = shift_to_zero(cos * real, bits) - shift_to_zero(sin * imag, bits) + np.int32(a_real << exponent)
    raised = shift_to_zero(sin * real, bits) + shift_to_zero(cos * imag, bits) + np.int32(a_imag << exponent)
    return saturate(turned), saturate(raised), is_wide(turned) | is_wide(raised)


@inner
def step(cell: Int32Array, a_real: Int32Array, a_imag: Int32Array, spikes: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = False
    bits, exponent, threshold = np.int64(cell[BITS]), cell[EXPONENT], cell[THRESHOLD]  # the same for all neurons
    for i in range(a_real.size):
        real, imag, wide_now = resonate(cell, i, a_real[i], a_imag[i], bits, exponent)
        wide |= wide_now
        spikes[i] = (real >= threshold) & (imag >= 0) & (cell[IMAG + i] < 0)
        cell[REAL + i] = real
        cell[IMAG + i] = imag
    return wide


class RfScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.rf`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Rotation, its fraction bits, exponent and threshold."""
        rotation = parameters["sin_decay"], parameters["cos_decay"], parameters["decay_bits"]
        return (*rotation, parameters["state_exp"], parameters["vth"] << parameters["state_exp"])
