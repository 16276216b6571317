"""Encoder that sends changes of its input, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import STATE_LIMIT, check_range, magnitude, shift_left, wrap32
from neurotool.neurons.model import Owner, Parameter, Parameters, State, zeros

ENCODER = (
    Parameter("vth", 0, STATE_LIMIT - 1, "threshold, compared as vth << (spike_exp + state_exp)", uniform=True),
    Parameter("cum_error", 0, 1, "1: compare the accumulated error instead of the change", uniform=True),
    Parameter("spike_exp", 0, 7, "exponent of the messages", uniform=True),
    Parameter("state_exp", 0, 7, "exponent of the states: messages are shifted right by it", uniform=True),
)


class Delta:
    """Sends the change of its input once that reaches the threshold; what is not sent stays in ``residue``.

    Messages are rounded down (towards minus infinity) by ``state_exp`` bits, and the bits cut off are lost: ``residue``
    takes the whole change as sent. Lava compares with ``>=`` where its documentation says ``>``. With ``cum_error``,
    what was not sent is part of the next change and so counts again in ``error``.

    A chip would not show that Lava's states and its threshold wrap at 32 bits only.
    """

    name = "delta"
    process = "lava.proc.sdn.process.Delta"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = ENCODER
    states: tuple[str, ...] = ("act", "residue", "error")
    inputs: tuple[str, ...] = ("a",)
    graded = True

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """The input was zero so far."""
        return zeros(self, size)

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.sdn.models.PyDeltaModelFixed`` (lava-nc 0.10.0).
        """
        act = inputs["a"] << (parameters["spike_exp"] + parameters["state_exp"])
        return encode(parameters, state, act, strict=strict)


def encode(
    parameters: Parameters, state: State, act: Int64Array, *, strict: bool
) -> tuple[dict[str, Int64Array], Int64Array]:
    """Compare an activation with the last one and return the new states of the encoder and its message."""
    change = act - state["act"] + state["residue"]
    cumulative = parameters["cum_error"] > 0
    error = state["error"] + change * cumulative
    threshold = shift_left(parameters["vth"], parameters["spike_exp"] + parameters["state_exp"])
    if strict:
        everywhere = threshold + 0 * act  # a refusal names the sample and the neuron
        for name, values in ("act", act), ("residue", change), ("error", error), ("vth", everywhere):
            check_range(name, values, STATE_LIMIT - 1)
    act, change, error = wrap32(act), wrap32(change), wrap32(error)
    reached = magnitude(error * cumulative + change * ~cumulative) >= threshold
    message = change * reached
    kept = ~(cumulative & (magnitude(message) > 0))
    states = {"act": act, "residue": change - message, "error": error * kept}
    return states, message >> parameters["state_exp"]


DELTA = Delta()
