"""Dense synapses, as ``lava.proc.dense.models.PyDenseModelBitAcc`` (lava-nc 0.10.0) computes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.ir.program import Projection, SignMode
from neurotool.neurons.fixed import wrap32

IntArray = npt.NDArray[np.int64]


def weight_step(weight_bits: int, sign_mode: SignMode) -> int:
    """Distance between neighbouring mantissas: 2 for eight signed bits, since the sign takes one of them."""
    return 1 << (8 - weight_bits + (sign_mode is SignMode.MIXED))


def weight_range(weight_bits: int, sign_mode: SignMode) -> tuple[int, int]:
    """Smallest and largest mantissa that Lava leaves as it is."""
    step = weight_step(weight_bits, sign_mode)
    if sign_mode is SignMode.MIXED:
        return -256, 256 - step
    return (0, 256 - step) if sign_mode is SignMode.EXCITATORY else (step - 256, 0)


def hardware_weights(projection: Projection) -> IntArray:
    """Mantissas after clipping to eight bits and dropping the bits below ``weight_bits``.

    Mixed signs round towards minus infinity, one-sided matrices towards zero. A quantiser that keeps to
    :func:`weight_range` and multiples of :func:`weight_step` finds its weights unchanged.
    """
    mirror = -1 if projection.sign_mode is SignMode.INHIBITORY else 1
    step = weight_step(projection.weight_bits, projection.sign_mode)
    low = -256 if projection.sign_mode is SignMode.MIXED else 0
    return mirror * (np.clip(mirror * projection.weights, low, 255) // step) * step


def accumulate(weights: IntArray, projection: Projection, spikes: npt.NDArray[np.generic]) -> IntArray:
    """Activation that the spikes of one step deliver in the next.

    Args:
        weights: Result of :func:`hardware_weights`, ``[target, source]``.
        projection: Exponent and message width.
        spikes: Bool or integer payloads, ``[batch, source]``.

    Returns:
        The activation, ``[batch, target]``; the shift acts on the sum and rounds towards minus infinity.
    """
    if projection.message_bits == 0:
        # Sums of at most 256 * fan-in are exact in float64, and BLAS is much faster than an integer product.
        total = ((spikes != 0).astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64)
    else:
        total = wrap32(spikes.astype(np.int64) @ weights.T)
    exponent = projection.weight_exp
    return wrap32(total << exponent) if exponent > 0 else total >> -exponent
