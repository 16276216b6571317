"""What the registers hold that integer programs are written for, whoever reads, makes or runs one."""

from __future__ import annotations

from neurotool.ir.program import SignMode

DECAY_UNITY = 1 << 12
"""A decay of 4096 loses everything in one step."""

THRESHOLD_MAX = (1 << 17) - 1
"""Largest threshold of a neuron; it is compared with the potential as ``vth << 6``."""


def weight_step(weight_bits: int, sign_mode: SignMode) -> int:
    """Distance between neighbouring mantissas: 2 for eight signed bits, since the sign takes one of them."""
    return 1 << (8 - weight_bits + (sign_mode is SignMode.MIXED))


def weight_range(weight_bits: int, sign_mode: SignMode) -> tuple[int, int]:
    """Smallest and largest mantissa that Lava leaves as it is."""
    step = weight_step(weight_bits, sign_mode)
    if sign_mode is SignMode.MIXED:
        return -256, 256 - step
    return (0, 256 - step) if sign_mode is SignMode.EXCITATORY else (step - 256, 0)
