"""Graded relay: passes what exceeds a threshold in magnitude, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import STATE_LIMIT, check_range, magnitude
from neurotool.neurons.model import Owner, Parameter, Parameters, State


class GradedVec:
    """Without memory. Lava's process has an exponent as well, which it never uses.

    A chip would not show that messages of Lava hold 32 bits, in which -2^31 has no magnitude and never passes.
    """

    name = "graded_vec"
    process = "lava.proc.graded.process.GradedVec"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        Parameter("vth", 0, STATE_LIMIT - 1, "threshold, compared as it is", uniform=True),
    )
    states: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("a",)
    graded = True

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """No state: Lava's ``v`` is zero again after every step."""
        return {}

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.graded.models.PyGradedVecModelFixed`` (lava-nc 0.10.0).
        """
        arrived = inputs["a"]
        if strict:
            check_range("a", arrived, STATE_LIMIT - 1)
        return {}, arrived * (magnitude(arrived) > parameters["vth"])


GRADED_VEC = GradedVec()
