"""Inverse square root by Newton's method, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import STATE_LIMIT, check_range, wrap32
from neurotool.neurons.model import Owner, Parameter, Parameters, State

FRACTION_BITS = 12
"""Fraction bits of input and result. Lava's process has an argument for them, which its fixed-point model ignores."""

ITERATIONS = 5
"""Steps of Newton's method."""

TABLE_BITS = 24
"""Numbers of so many bits have a first guess in Lava's table."""


def first_guess(bits: int) -> int:
    """Return twice the first guess for numbers of 1 to 31 bits, in 2^-12.

    Lava looks numbers of 25 bits and more up from the end of its table, as those of one bit and more.

    Source: ``lava.proc.graded.models.make_fpinv_table`` (lava-nc 0.10.0).
    """
    top = (bits - 1) % TABLE_BITS  # place of the highest bit
    scale: float = 2 ** ((top - FRACTION_BITS) / 2) * 1.238982962
    return 2 * int((1 << FRACTION_BITS) / scale)


GUESSES = (0, *(first_guess(bits) for bits in range(1, 32)))
"""First guess by number of bits; none for zero."""


class InvSqrt:
    """Without memory or parameters. Sends ``2^12 / sqrt(a / 2^12)`` nearly: within 1 % and 2 below 2^24.

    Nothing is sent for zero. A negative number, which stops Lava's process, is treated like zero here. From 2^24 on the
    first guess is too large, Newton's method diverges, and the result is what 64 bits leave of it.

    A chip would not show anything of that: strict mode refuses what is negative or exceeds a state.
    """

    name = "inv_sqrt"
    process = "lava.proc.graded.process.InvSqrt"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = ()
    states: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("a",)
    graded = True

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """No state."""
        return {}

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.graded.models.InvSqrtModelFP`` and ``inv_sqrt`` (lava-nc 0.10.0).
        """
        arrived = inputs["a"]
        if strict:
            check_range("a", arrived, STATE_LIMIT - 1, low=0)
        factor, rest = guess(arrived), arrived
        root = factor >> 1
        for _ in range(ITERATIONS):  # in 64 bits, which wrap
            rest = (((rest * factor) >> (FRACTION_BITS + 1)) * factor) >> (FRACTION_BITS + 1)
            factor = (3 << FRACTION_BITS) - rest
            root = (root * factor) >> (FRACTION_BITS + 1)
        return {}, wrap32(root)


def guess(values: Int64Array) -> Int64Array:
    """Return twice the first guess for the inverse root of each value; 0, which stays 0, where there is none."""
    guesses = 0 * values
    for place, (below, from_here) in enumerate(pairwise(GUESSES)):
        guesses = guesses + (from_here - below) * (values >= 1 << place)
    return guesses


INV_SQRT = InvSqrt()
