"""Named discrete meanings of the continuous neuron equations.

NIR stores differential equations and no time step; every framework turns them into an update rule of its own. A graph
carries the convention it is meant under, so that no stage has to guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Integration(StrEnum):
    """How a time constant τ becomes a decay k per step of length dt."""

    FORWARD_EULER = "forward-euler"  # k = dt / τ
    EXPONENTIAL_EULER = "exponential-euler"  # k = 1 - exp(-dt / τ)


class Reset(StrEnum):
    """What happens to the membrane potential of a neuron that fired."""

    TO_VALUE = "to-value"
    BY_SUBTRACTION = "by-subtraction"


class InitialMembrane(StrEnum):
    """Membrane potential before the first step."""

    LEAK = "leak"  # v_leak; neurons without a leak start at v_reset
    ZERO = "zero"  # 0


@dataclass(frozen=True)
class Convention:
    """A discrete meaning of the neuron equations.

    In all conventions the synaptic current is updated before the membrane potential, the membrane uses the new
    current, a neuron fires when its potential is strictly above threshold, and it is reset in the step it fires in.

    Attributes:
        name: The name that ``--convention`` takes.
        integration: How time constants become decays.
        reset: Reset rule.
        initial_membrane: Potential before the first step.
        summary: One line for help texts and bundles.
    """

    name: str
    integration: Integration
    reset: Reset
    initial_membrane: InitialMembrane
    summary: str


CONVENTIONS: dict[str, Convention] = {
    c.name: c
    for c in (
        Convention(
            "norse",
            Integration.FORWARD_EULER,
            Reset.TO_VALUE,
            InitialMembrane.LEAK,
            "forward Euler as Norse steps it: v > v_th, reset to value, membrane starts at v_leak",
        ),
        Convention(
            "forward-euler",
            Integration.FORWARD_EULER,
            Reset.TO_VALUE,
            InitialMembrane.ZERO,
            "forward Euler of the NIR equations: v > v_threshold, reset to v_reset, membrane starts at 0",
        ),
        Convention(
            "exponential-euler",
            Integration.EXPONENTIAL_EULER,
            Reset.TO_VALUE,
            InitialMembrane.ZERO,
            "exact decay over one step, input held constant: v > v_threshold, reset to v_reset, membrane starts at 0",
        ),
    )
}

DEFAULT_FILE_CONVENTION = "forward-euler"
