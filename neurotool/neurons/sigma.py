"""Accumulator that decodes sigma-delta messages, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import STATE_LIMIT, check_range, wrap32
from neurotool.neurons.model import Owner, Parameter, Parameters, State, zeros


class Sigma:
    """Adds up what arrives and sends the sum in every step.

    A chip would not show that Lava's sum wraps at 32 bits only.
    """

    name = "sigma"
    process = "lava.proc.sdn.process.Sigma"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = ()
    states: tuple[str, ...] = ("sigma",)
    inputs: tuple[str, ...] = ("a",)
    graded = True

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """Nothing has arrived."""
        return zeros(self, size)

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.sdn.models.PySigmaModelFixed`` (lava-nc 0.10.0).
        """
        sigma = accumulate(state["sigma"], inputs["a"], strict=strict)
        return {"sigma": sigma}, sigma


def accumulate(sigma: Int64Array, activation: Int64Array, *, strict: bool) -> Int64Array:
    """Return the sum of all that has arrived."""
    sigma = sigma + activation
    if strict:
        check_range("sigma", sigma, STATE_LIMIT - 1)
    return wrap32(sigma)


SIGMA = Sigma()
