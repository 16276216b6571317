"""Weights of dense layers: the exponent that lava-dl derives from them, and where that goes wrong.

A file holds plain integers. lava-dl 0.6.0 (``netx/utils.py``) shifts a matrix up as far as eight bits hold it and gives
the synapses the negative shift as exponent. What is delivered stays the same, except that the sums of graded messages
wrap earlier, and so the same shift is taken here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.ir.program import SignMode


@dataclass(frozen=True, eq=False)
class Mantissas:
    """Weights as a synapse holds them: ``mantissas * 2**exponent``.

    Attributes:
        mantissas: Integers that ``bits`` and ``sign_mode`` leave as they are.
        exponent: Power of two on the sum, at most 0.
        bits: Smallest width, 1 to 8.
        sign_mode: Signs that occur.
    """

    mantissas: Int64Array
    exponent: int
    bits: int
    sign_mode: SignMode


def shift_of(weights: Int64Array) -> int:
    """Return how far lava-dl shifts a matrix up; 0 where it fails: nothing but zeros, or beyond eight bits."""
    high, low = int(weights.max(initial=0)), int(weights.min(initial=0))
    limit = 255 if low >= 0 else 254
    if not (high or low) or high > limit or low < -256:
        return 0
    return max(k for k in range(9) if high << k <= limit and low << k >= -256)


def mantissas(weights: Int64Array, shift: int) -> Mantissas:
    """Shift weights up and find the narrowest synapse that holds them.

    Raises:
        ValueError: No synapse of eight bits does.
    """
    shifted = weights << shift
    high, low = int(shifted.max(initial=0)), int(shifted.min(initial=0))
    mode = SignMode.EXCITATORY if low >= 0 else SignMode.INHIBITORY if high <= 0 and low > -256 else SignMode.MIXED
    zeros = min((int(w) & -int(w)).bit_length() - 1 for w in (*np.unique(shifted[shifted != 0]), 256))
    bits = 8 - zeros + (mode is SignMode.MIXED)
    limit = 254 if mode is SignMode.MIXED else 255
    if high > limit or low < -256 or bits > 8:
        odd = f"odd numbers up to {max(high, -low)}" if bits > 8 else f"{low} to {high}"
        signs = "of both signs" if mode is SignMode.MIXED else "of one sign"
        raise ValueError(f"{odd} {signs}")
    return Mantissas(shifted, -shift, max(bits, 1), mode)


def clipped(weights: Int64Array) -> Int64Array:
    """Clip a matrix of both signs to eight bits, as lava-dl does with a warning; one-sided ones stay as they are."""
    return np.clip(weights, -256, 254) if weights.min(initial=0) < 0 < weights.max(initial=0) else weights


def lava_dl_defect(*matrices: Int64Array) -> str:
    """Say why lava-dl computes with other weights than those of the file; empty if it does not.

    Args:
        matrices: The weights of one layer, which share an exponent.
    """
    together = np.concatenate([weights.reshape(-1) for weights in matrices])
    if not together.any():
        return "cannot load weights that are all zero"
    shift = shift_of(together)
    nine_bits = shift == 0 and together.min() < 0 <= together.max() and bool(np.any(together % 2))
    for weights in matrices:
        low, high = int(weights.min()), int(weights.max())
        if high <= 0 and low << shift == -256:
            return f"changes the weights of a matrix that has none above zero and {low} as its smallest"
        if nine_bits and (low >= 0 or high <= 0) and weights.any():
            return "turns weights of one sign into zeros, since it asks for nine bits"
    return ""
