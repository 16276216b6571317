"""Graded product: multiplies what arrives at two inputs, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import STATE_LIMIT, WORD_LIMIT, check_range, magnitude, wrap32
from neurotool.neurons.model import Owner, Parameter, Parameters, State


class ProdNeuron:
    """Without memory. Sends the product of its two inputs, rounded down by ``exp`` bits, if that exceeds a threshold.

    A chip would not show that the product wraps at 32 bits before it is shifted, nor that -2^31 has no magnitude there
    and never passes.
    """

    name = "prod_neuron"
    process = "lava.proc.prodneuron.process.ProdNeuron"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        Parameter("vth", 0, STATE_LIMIT - 1, "threshold, compared with the shifted product", uniform=True),
        Parameter("exp", 0, 31, "the product is shifted right by it", uniform=True),
    )
    states: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("a1", "a2")
    graded = True

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """No state: Lava's variable ``v`` stays zero."""
        return {}

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.prodneuron.models.PyProdNeuronModelFixed`` (lava-nc 0.10.0).
        """
        exact = inputs["a1"] * inputs["a2"]
        v = wrap32(exact) >> parameters["exp"]
        if strict:
            check_range("a1", inputs["a1"], STATE_LIMIT - 1)
            check_range("a2", inputs["a2"], STATE_LIMIT - 1)
            check_range("a1 * a2", exact, WORD_LIMIT - 1)
            check_range("v", v, STATE_LIMIT - 1)
        return {}, v * (magnitude(v) > parameters["vth"])


PROD_NEURON = ProdNeuron()
