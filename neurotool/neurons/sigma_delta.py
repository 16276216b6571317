"""Sigma-delta neuron: decodes changes, applies an activation function and sends its changes, as Lava computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.delta import ENCODER, encode
from neurotool.neurons.fixed import STATE_LIMIT, check_range, wrap32
from neurotool.neurons.model import Owner, Parameter, Parameters, State, zeros
from neurotool.neurons.sigma import accumulate


class SigmaDelta:
    """A neuron of an artificial network that sends only the changes of its activation.

    What :class:`~.sigma.Sigma` and :class:`~.delta.Delta` say of wrapping, rounding and thresholds holds here as well.
    The messages that arrive are not shifted.
    """

    name = "sigma_delta"
    process = "lava.proc.sdn.process.SigmaDelta"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        *ENCODER,
        Parameter("bias", 1 - STATE_LIMIT, STATE_LIMIT - 1, "bias << (spike_exp + state_exp) is added to sigma"),
        Parameter("relu", 0, 1, "activation function: 1 rectifies, 0 passes everything", uniform=True),
    )
    states: tuple[str, ...] = ("sigma", "act", "residue", "error")
    inputs: tuple[str, ...] = ("a",)
    graded = True

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """Nothing has arrived."""
        return zeros(self, size)

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.sdn.models.PySigmaDeltaModelFixed`` (lava-nc 0.10.0).
        """
        sigma = accumulate(state["sigma"], inputs["a"], strict=strict)
        act = sigma + (parameters["bias"] << (parameters["spike_exp"] + parameters["state_exp"]))
        if strict:
            check_range("act", act, STATE_LIMIT - 1)
        act = wrap32(act)
        passed = (parameters["relu"] == 0) | (act > 0)
        encoded, message = encode(parameters, state, act * passed, strict=strict)
        return {"sigma": sigma, **encoded}, message


SIGMA_DELTA = SigmaDelta()
