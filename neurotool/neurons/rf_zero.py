"""Resonator that sends its amplitude when its phase is zero, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import STATE_LIMIT, WORD_LIMIT, check_range, wrap32
from neurotool.neurons.model import Owner, Parameter, Parameters, State, zeros

FRACTION_BITS = 15
"""Fraction bits of the rotation."""

UNITY = 1 << FRACTION_BITS


class RfZero:
    """Sends the real part ``u`` when the imaginary part ``v`` rises through zero and ``u`` exceeds the threshold.

    The rotation per step is ``exp(-dt / tau) * exp(2 pi i f dt)``: ``lct`` and ``lst`` are its real and imaginary part
    times 2^15, truncated (``lava.proc.resfire.process``). Nothing is reset. Each of the four products of a rotation is
    rounded down by itself, so that a small negative state need not fade.

    A chip would not show that Lava's products wrap at 32 bits before they are shifted, which amplitudes of 2^16 can
    reach, and that its states wrap at 32 bits only.
    """

    name = "rf_zero"
    process = "lava.proc.resfire.process.RFZero"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        Parameter("lct", -UNITY, UNITY, "cosine part of the rotation, in 2^-15"),
        Parameter("lst", -UNITY, UNITY, "sine part of the rotation, in 2^-15"),
        Parameter("uth", 0, STATE_LIMIT - 1, "threshold, compared as it is", uniform=True),
    )
    states: tuple[str, ...] = ("u", "v")
    inputs: tuple[str, ...] = ("u", "v")
    graded = True

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """At rest."""
        return zeros(self, size)

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.resfire.models.PyRFZeroModelFixed`` (lava-nc 0.10.0).
        """

        def product(part: str, factor: str) -> Int64Array:
            exact = state[part] * parameters[factor]
            if strict:
                check_range(f"{part} * {factor}", exact, WORD_LIMIT - 1)
            return wrap32(exact) >> FRACTION_BITS

        u = product("u", "lct") - product("v", "lst") + inputs["u"]
        v = product("v", "lct") + product("u", "lst") + inputs["v"]
        if strict:
            check_range("u", u, STATE_LIMIT - 1)
            check_range("v", v, STATE_LIMIT - 1)
        u, v = wrap32(u), wrap32(v)
        return {"u": u, "v": v}, u * ((u > parameters["uth"]) & (v >= 0) & (state["v"] < 0))


RF_ZERO = RfZero()
