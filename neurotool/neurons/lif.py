"""Leaky integrate-and-fire with a current filter: Loihi's CUBA neuron, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.ir.registers import THRESHOLD_MAX
from neurotool.neurons.fixed import ALIGNMENT, STATE_LIMIT, check_range, decay, saturate, shift_left, wrap32
from neurotool.neurons.model import Owner, Parameter, Parameters, State, zeros

NEVER_FIRES = THRESHOLD_MAX
"""Largest threshold. A read-out population has it, and its potential is kept below ``NEVER_FIRES << 6``."""

BIAS = (
    Parameter("bias_mant", -4096, 4095, "bias mantissa"),
    Parameter("bias_exp", 0, 7, "bias exponent: bias_mant << bias_exp is added to v"),
)
DECAYS = (
    Parameter("du", 0, 4095, "current decay: (du + 1) / 4096 is lost per step"),
    Parameter("dv", 0, 4095, "membrane decay: dv / 4096 is lost per step"),
)


class Lif:
    """Reset to zero. IF is ``du=4095, dv=0``; LIF without a current filter is ``du=4095``.

    A chip would not show what Lava does beyond 24 bits: the current wraps once only, +2^23 stays as it is and -2^23
    becomes +2^23.
    """

    name = "lif"
    process = "lava.proc.lif.process.LIF"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        *DECAYS,
        Parameter("vth", 0, NEVER_FIRES, "threshold, compared as vth << 6"),
        *BIAS,
    )
    states: tuple[str, ...] = ("u", "v")
    inputs: tuple[str, ...] = ("a",)
    graded = False

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """No current, no potential."""
        return zeros(self, size)

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.lif.models.PyLifModelBitAcc`` (lava-nc 0.10.0), which Lava states to be bit-accurate.
        """
        u, v = integrate(parameters, state, inputs["a"], strict=strict)
        spikes = v > (parameters["vth"] << ALIGNMENT)
        return {"u": u, "v": v * ~spikes}, spikes


def integrate(
    parameters: Parameters, state: State, activation: Int64Array, *, strict: bool
) -> tuple[Int64Array, Int64Array]:
    """Return current and potential after a step, before the threshold; the LIF family shares it."""
    u = filtered_current(state["u"], parameters["du"], activation, strict=strict)
    return u, membrane(state["v"], parameters["dv"], u + bias(parameters), strict=strict)


def bias(parameters: Parameters) -> Int64Array:
    """Return what is added to the potential in every step."""
    return shift_left(parameters["bias_mant"], parameters["bias_exp"])


def filtered_current(
    u: Int64Array, du: Int64Array, activation: Int64Array, *, strict: bool, name: str = "u"
) -> Int64Array:
    """Return the synaptic current after a step; ``name`` is what the model calls it."""
    u = decay(u, du + 1) + shift_left(activation, ALIGNMENT)
    if strict:
        check_range(name, u, STATE_LIMIT - 1)
    return wrap_current(wrap32(u))


def membrane(v: Int64Array, dv: Int64Array, charge: Int64Array, *, strict: bool) -> Int64Array:
    """Return the membrane potential after a step that adds ``charge``, before the threshold."""
    v = wrap32(decay(v, dv) + charge)
    if strict:
        check_range("v", v, STATE_LIMIT - 1)
    return saturate(v)


def wrap_current(u: Int64Array) -> Int64Array:
    """Wrap the current at 24 bits the way Lava does: once, and with +2^23 left as it is and -2^23 turned into it."""
    wrapped: Int64Array = u - 2 * STATE_LIMIT * (u > STATE_LIMIT) + 2 * STATE_LIMIT * (u <= -STATE_LIMIT)
    return wrapped


LIF = Lif()
