"""Leaky integrate-and-fire with a current filter: Loihi's CUBA neuron, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.neurons.fixed import ALIGNMENT, STATE_LIMIT, check_range, decay, saturate, wrap32
from neurotool.neurons.model import IntArray, Owner, Parameter, Parameters, State, zeros

NEVER_FIRES = (1 << 17) - 1
"""Largest threshold. A read-out population has it, and its potential is kept below ``NEVER_FIRES << 6``."""


class Lif:
    """Reset to zero. IF is ``du=4095, dv=0``; LIF without a current filter is ``du=4095``."""

    name = "lif"
    process = "lava.proc.lif.process.LIFReset"  # LIF that returns to zero when a sample begins
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        Parameter("du", 0, 4095, "current decay: (du + 1) / 4096 is lost per step"),
        Parameter("dv", 0, 4095, "membrane decay: dv / 4096 is lost per step"),
        Parameter("vth", 0, NEVER_FIRES, "threshold, compared as vth << 6"),
        Parameter("bias_mant", -4096, 4095, "bias mantissa"),
        Parameter("bias_exp", 0, 7, "bias exponent: bias_mant << bias_exp is added to v"),
    )
    states: tuple[str, ...] = ("u", "v")
    inputs: tuple[str, ...] = ("a",)
    graded = False

    def initial(self, parameters: Parameters, size: int) -> dict[str, IntArray]:
        """No current, no potential."""
        return zeros(self, size)

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, IntArray], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.lif.models.PyLifModelBitAcc`` (lava-nc 0.10.0), which Lava states to be bit-accurate.
        """
        u = filtered_current(parameters, state["u"], inputs["a"], strict=strict)
        v = membrane(parameters, state["v"], u, strict=strict)
        spikes = v > (parameters["vth"] << ALIGNMENT)
        return {"u": u, "v": v * ~spikes}, spikes


def filtered_current(parameters: Parameters, u: IntArray, activation: IntArray, *, strict: bool) -> IntArray:
    """Return the synaptic current after a step; every neuron of the LIF family has it."""
    u = decay(u, parameters["du"] + 1) + wrap32(activation << ALIGNMENT)
    if strict:
        check_range("u", u, STATE_LIMIT - 1)
    return wrap_current(wrap32(u))


def membrane(parameters: Parameters, v: IntArray, u: IntArray, *, strict: bool) -> IntArray:
    """Return the membrane potential after a step, before the threshold."""
    bias = parameters["bias_mant"] << parameters["bias_exp"]
    v = wrap32(decay(v, parameters["dv"]) + u + bias)
    if strict:
        check_range("v", v, STATE_LIMIT - 1)
    return saturate(v)


def wrap_current(u: IntArray) -> IntArray:
    """Wrap the current at 24 bits the way Lava does: once, and with +2^23 left as it is and -2^23 turned into it."""
    wrapped: IntArray = u - 2 * STATE_LIMIT * (u > STATE_LIMIT) + 2 * STATE_LIMIT * (u <= -STATE_LIMIT)
    return wrapped


LIF = Lif()
