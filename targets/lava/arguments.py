"""From the parameters of a neuron model to the arguments of Lava's process, where names or units differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from neurotool.ir.program import Population
from neurotool.neurons import MODELS
from neurotool.neurons.fixed import ALIGNMENT, DECAY_UNITY

Values = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Arguments:
    """What a process is made with: arrays of shape (neurons,), or () where Lava takes one number.

    Attributes:
        keywords: Keyword arguments.
        variables: Initial values of variables that no argument sets as they are.
    """

    keywords: Mapping[str, Values]
    variables: Mapping[str, Values] = field(default_factory=dict)


def arguments(population: Population, first_step: int = 1) -> Arguments:
    """Translate the parameters of a population.

    Args:
        population: A population that has passed the checks.
        first_step: Lava's time step, counted from 1, in which the population processes row 0.
    """
    given: dict[str, npt.NDArray[np.int64]] = {
        p.name: np.asarray(population.parameters[p.name][0 if p.uniform else slice(None)])
        for p in MODELS[population.model].parameters
    }
    match population.model:
        case "lif_reset":
            return Arguments(given | {"reset_offset": given["reset_offset"] + first_step})
        case "atrlif":
            return Arguments(_adaptive(given))
        case "delta" | "sigma_delta":
            # In an array the shifted threshold wraps at 32 bits, as the model says; a number too large would stop Lava.
            mode = {"act_mode": given.pop("relu")} if "relu" in given else {}
            return Arguments({**mode, **given, "vth": given["vth"][np.newaxis]})
        case "rf" | "rf_iz":
            # Lava makes the decays of these two; they are replaced by the integers of each neuron.
            decays = {name: given.pop(name) for name in ("sin_decay", "cos_decay")}
            return Arguments(given | {"period": np.array(4), "alpha": np.array(0)}, decays)
        case "rf_zero":
            # Lava makes the rotation of frequencies; it is replaced by the integers of each neuron.
            rotation = {name: given.pop(name) for name in ("lct", "lst")}
            still = np.zeros(population.size)
            return Arguments(given | {"freqs": still, "decay_tau": still + 1}, rotation)
        case _:
            return Arguments(given)


def _adaptive(given: Mapping[str, npt.NDArray[np.int64]]) -> dict[str, Values]:
    """ATRLIF takes decays as fractions.

    Lava writes the shifted ``theta_0`` over ``theta`` in its first step; ``theta`` begins with that value here, so
    that every sample begins with it.
    """
    fractions = {name: values / DECAY_UNITY for name, values in given.items() if name.startswith("delta_")}
    return {**given, **fractions, "theta": given["theta_0"] << ALIGNMENT}
