"""What the synapses of a chip hold: mantissas of few bits and sums shifted by an exponent.

Source: ``lava.utils.weightutils`` and ``lava.proc.dense.models.PyDenseModelBitAcc`` (lava-nc 0.10.0). Lava's
convolutions neither truncate weights nor shift sums, although the chip does.
"""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.ir.program import Convolution, Projection, SignMode
from neurotool.ir.registers import weight_step
from neurotool.neurons.fixed import wrap32


def truncated_weights(projection: Projection) -> Int64Array:
    """Mantissas after clipping to eight bits and dropping the bits below ``weight_bits``.

    Mixed signs round towards minus infinity, one-sided matrices towards zero. A quantiser that keeps to
    :func:`neurotool.ir.registers.weight_range` and multiples of its step finds its weights unchanged.
    """
    mirror = -1 if projection.sign_mode is SignMode.INHIBITORY else 1
    step = weight_step(projection.weight_bits, projection.sign_mode)
    low = -256 if projection.sign_mode is SignMode.MIXED else 0
    return mirror * (np.clip(mirror * projection.weights, low, 255) // step) * step


def hardware_weights(projection: Projection) -> Int64Array:
    """Mantissas that a run computes with, as Lava has them: a convolution's are left as they are."""
    if isinstance(projection.connectivity, Convolution):
        return projection.weights
    return truncated_weights(projection)


def shifted(total: Int64Array, projection: Projection) -> Int64Array:
    """Apply the exponent of a projection to a sum. It rounds towards minus infinity; a convolution has none in Lava."""
    if isinstance(projection.connectivity, Convolution):
        return total
    exponent = projection.weight_exp
    return wrap32(total << exponent if exponent > 0 else total >> -exponent)
