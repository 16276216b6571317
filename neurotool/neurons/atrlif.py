"""Integrate-and-fire with an adaptive threshold and refractoriness, as Lava's ``fixed_pt`` model computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons.fixed import ALIGNMENT, DECAY_UNITY, STATE_LIMIT, check_range, decay, wrap32
from neurotool.neurons.lif import BIAS, NEVER_FIRES, bias, filtered_current, membrane
from neurotool.neurons.model import Owner, Parameter, Parameters, State, zeros


class AtrLif:
    """A spike raises the threshold by ``theta_step`` and the refractory state ``r`` by twice the threshold.

    The neuron spikes when ``v - r >= theta``; the potential is not reset. Lava takes the decays as fractions: it gets
    ``delta / 4096``, which floating point holds exactly.

    A chip would not show what Lava does here: threshold and refractory state are not kept to 24 bits, and
    ``delta_i = 4096`` leaves 1 / 4096 of the current with the opposite sign. The current wraps as that of LIF does.
    """

    name = "atrlif"
    process = "lava.proc.atrlif.process.ATRLIF"
    owner = Owner.LAVA
    parameters: tuple[Parameter, ...] = (
        Parameter("delta_i", 0, DECAY_UNITY, "current decay: (delta_i + 1) / 4096 is lost per step"),
        Parameter("delta_v", 0, DECAY_UNITY, "membrane decay: delta_v / 4096 is lost per step"),
        Parameter("delta_theta", 0, DECAY_UNITY, "delta_theta / 4096 of theta's excess over theta_0 is lost per step"),
        Parameter("delta_r", 0, DECAY_UNITY, "decay of r: delta_r / 4096 is lost per step"),
        Parameter("theta_0", 0, NEVER_FIRES, "threshold at rest, compared as theta_0 << 6"),
        Parameter("theta_step", 0, NEVER_FIRES, "a spike adds theta_step << 6 to the threshold", uniform=True),
        *BIAS,
    )
    states: tuple[str, ...] = ("i", "v", "theta", "r")
    inputs: tuple[str, ...] = ("a",)
    graded = False

    def initial(self, parameters: Parameters, size: int) -> dict[str, Int64Array]:
        """At rest. Lava's first step sets the threshold to ``theta_0``, whatever it was."""
        return zeros(self, size) | {"theta": parameters["theta_0"] << ALIGNMENT}

    def step(
        self, parameters: Parameters, state: State, inputs: State, *, row: int, strict: bool = False
    ) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
        """Advance one step; see :class:`neurotool.neurons.model.NeuronModel`.

        Source: ``lava.proc.atrlif.models.PyATRLIFModelFixed`` (lava-nc 0.10.0).
        """
        i = filtered_current(state["i"], parameters["delta_i"], inputs["a"], strict=strict, name="i")
        v = membrane(state["v"], parameters["delta_v"], i + bias(parameters), strict=strict)
        rest = parameters["theta_0"] << ALIGNMENT
        theta = wrap32(decay(wrap32(state["theta"] - rest), parameters["delta_theta"]) + rest)
        r = decay(state["r"], parameters["delta_r"])
        spikes = wrap32(v - r) >= theta
        r = r + 2 * theta * spikes
        theta = theta + (parameters["theta_step"] << ALIGNMENT) * spikes
        if strict:
            check_range("theta", theta, STATE_LIMIT - 1)
            check_range("r", r, STATE_LIMIT - 1)
        return {"i": i, "v": v, "theta": wrap32(theta), "r": wrap32(r)}, spikes


ATRLIF = AtrLif()
