"""Signs in a file of the framework that wrote it."""

from __future__ import annotations

from collections.abc import Mapping

import nir
import numpy as np

from neurotool.converters.nir.specs import Spec
from neurotool.units import format_si

_TAU = {nir.LIF: "tau", nir.LI: "tau", nir.CubaLIF: "tau_mem", nir.CubaLI: "tau_mem"}

CLOSE = 1e-3
"""Relative difference of two steps that single precision can explain."""


def written_step(specs: Mapping[str, Spec]) -> float | None:
    """Time step in seconds that the gains of all leaky neurons agree on, or None.

    snnTorch has no gain: a step adds the whole input to the membrane. Its exporter writes that as R = τ/dt, so that
    τ/R is the step, the same in every neuron. Where every R is 1 there is nothing to be seen.
    """
    leaky = [spec for spec in specs.values() if spec.kind in _TAU]
    gains = [np.ravel(spec.values["r"]) for spec in leaky]
    if not leaky or all((r == 1.0).all() for r in gains) or any((r == 0.0).any() for r in gains):
        return None
    taus = [np.ravel(np.asarray(spec.values[_TAU[spec.kind]], np.float64)) for spec in leaky]
    steps = np.concatenate([tau / r for tau, r in zip(taus, gains, strict=True)])
    return float(steps[0]) if np.allclose(steps, steps[0], rtol=CLOSE, atol=0.0) else None


def doubt_of_step(file: str, specs: Mapping[str, Spec], dt: float) -> list[str]:
    """Say where a file looks as if it had been written for another time step, with another update rule."""
    found = written_step(specs)
    if found is None or abs(found - dt) <= CLOSE * dt:
        return []
    shown, asked = format_si(found, "s", 3), format_si(dt, "s", 3)
    return [
        f"{file}: tau/r is {shown} in every neuron, which is how snnTorch writes its time step, and {asked} was taken. "
        f"If the file comes from snnTorch, convert it with --convention snntorch-subtract or snntorch-zero "
        f"(docs/conventions.md): verify cannot notice this, as the file is all that it knows."
    ]
