"""Graded rectifier: passes what exceeds a threshold, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import STATE_LIMIT, check_range
from neurotool.neurons.graded_vec import GradedVec
from neurotool.neurons.model import Parameters, State


class GradedReluVec(GradedVec):
    """Without memory; what :class:`~.graded_vec.GradedVec` says holds here as well."""

    name = "graded_relu_vec"
    process = "lava.proc.graded.process.GradedReluVec"

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.graded.models.PyGradedReluVecModelFixed`` (lava-nc 0.10.0).
        """
        arrived = inputs["a"]
        if strict:
            check_range("a", arrived, STATE_LIMIT - 1)
        return {}, arrived * (arrived > parameters["vth"])


GRADED_RELU_VEC = GradedReluVec()
