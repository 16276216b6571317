"""Leaky integrate-and-fire with spikes of both signs, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import ALIGNMENT
from neurotool.neurons.lif import BIAS, DECAYS, NEVER_FIRES, Lif, integrate
from neurotool.neurons.model import Parameter, Parameters, State


class TernaryLif(Lif):
    """Sends +1 above the upper threshold, -1 below the lower one, and returns to zero after either.

    Lava holds one pair of thresholds for a population. With ``vth_lo = -131072`` the lower one cannot be reached.
    """

    name = "ternary_lif"
    process = "lava.proc.lif.process.TernaryLIF"
    parameters: tuple[Parameter, ...] = (
        *DECAYS,
        Parameter("vth_hi", 0, NEVER_FIRES, "upper threshold, compared as vth_hi << 6", uniform=True),
        Parameter("vth_lo", -NEVER_FIRES - 1, 0, "lower threshold, compared as vth_lo << 6", uniform=True),
        *BIAS,
    )
    graded = True

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.lif.models.PyTernLifModelFixed`` (lava-nc 0.10.0).
        """
        u, v = integrate(parameters, state, inputs["a"], strict=strict)
        above = v > (parameters["vth_hi"] << ALIGNMENT)
        below = v < (parameters["vth_lo"] << ALIGNMENT)
        return {"u": u, "v": v * ~(above | below)}, above * 1 - below * 1


TERNARY_LIF = TernaryLif()
