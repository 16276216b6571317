"""Resonate-and-fire: a damped oscillator of two states, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import DECAY_UNITY, STATE_LIMIT, check_range, saturate, shift_left, shift_to_zero
from neurotool.neurons.model import Owner, Parameter, Parameters, State, zeros


class Rf:
    """Spikes when the imaginary part rises through zero while the real part has reached the threshold; no reset.

    A chip would not show that Lava shifts what arrives in 32 bits and wraps it there. Each of the four products of a
    rotation is rounded towards zero by itself.
    """

    name = "rf"
    process = "lava.proc.rf.process.RF"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        Parameter("sin_decay", -DECAY_UNITY, DECAY_UNITY, "sine part of the rotation, in 2^-decay_bits"),
        Parameter("cos_decay", -DECAY_UNITY, DECAY_UNITY, "cosine part of the rotation, in 2^-decay_bits"),
        Parameter("decay_bits", 0, 12, "fraction bits of the rotation", uniform=True),
        Parameter("state_exp", 0, 7, "what arrives is shifted left by it", uniform=True),
        Parameter("vth", 0, STATE_LIMIT - 1, "threshold, compared as vth << state_exp", uniform=True),
    )
    states: tuple[str, ...] = ("real", "imag")
    inputs: tuple[str, ...] = ("a_real", "a_imag")
    graded = False

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """At rest."""
        return zeros(self, size)

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.rf.models.PyRFModelFixed`` (lava-nc 0.10.0).
        """
        real, imag = resonate(parameters, state, inputs, strict=strict)
        threshold = parameters["vth"] << parameters["state_exp"]
        return {"real": real, "imag": imag}, (real >= threshold) & (imag >= 0) & (state["imag"] < 0)


def resonate(parameters: Parameters, state: State, inputs: State, *, strict: bool) -> tuple[Int64Array, Int64Array]:
    """Rotate and damp the state and add what arrives: real and imaginary part, kept to 24 bits."""

    def product(factor: str, part: str) -> Int64Array:
        return shift_to_zero(parameters[factor] * state[part], parameters["decay_bits"])

    arrived = {name: shift_left(values, parameters["state_exp"]) for name, values in inputs.items()}
    real = product("cos_decay", "real") - product("sin_decay", "imag") + arrived["a_real"]
    imag = product("sin_decay", "real") + product("cos_decay", "imag") + arrived["a_imag"]
    if strict:
        check_range("real", real, STATE_LIMIT - 1)
        check_range("imag", imag, STATE_LIMIT - 1)
    return saturate(real), saturate(imag)


RF = Rf()
