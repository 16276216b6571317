"""Named discrete meanings of the continuous neuron equations.

NIR stores differential equations and no time step; every framework turns them into an update rule of its own. A graph
carries the convention it is meant under, so that no stage has to guess. ``docs/conventions.md`` has the equations of
each convention and where the framework's source says so.
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

    TO_VALUE = "to-value"  # it becomes v_reset
    BY_SUBTRACTION = "by-subtraction"  # it loses v_threshold - v_reset


class ResetTime(StrEnum):
    """When the reset acts."""

    SAME_STEP = "same-step"  # at the end of the step of the spike
    NEXT_STEP = "next-step"  # on what the next step computes, after its decay and its input


class InitialMembrane(StrEnum):
    """Membrane potential before the first step."""

    LEAK = "leak"  # v_leak; neurons without a leak start at v_reset
    ZERO = "zero"  # 0
    RESET = "reset"  # v_reset; read-outs start at v_leak


class Drive(StrEnum):
    """What a current i adds to a leaky membrane in one step."""

    INTEGRATED = "integrated"  # k R i, as the equation says
    WHOLE = "whole"  # R i


@dataclass(frozen=True, kw_only=True)
class Convention:
    """A discrete meaning of the neuron equations.

    In all conventions the synaptic current is updated before the membrane potential, the membrane uses the new
    current before it decays, and every spike reaches what it is connected to in the same step, through a loop in the
    next one.

    A reset in the next step subtracts after the decay of that step. To a value, it replaces all that the next step
    computes, its input included; a neuron without synaptic current and without a connection from itself starts the
    next step from the value instead. Both are snnTorch's rules, the latter that of its Leaky.

    Attributes:
        name: The name that ``--convention`` takes.
        integration: How time constants become decays.
        reset: Reset rule.
        reset_time: When the reset acts.
        inclusive: Whether a potential that equals the threshold fires.
        initial_membrane: Potential before the first step.
        drive: What a current adds to the leaky membrane of a neuron that fires.
        readout_drive: What a current adds to the leaky membrane of a read-out.
        dt: Length of a time step in seconds that the framework's exporter writes its files for, where it has one.
        summary: One line for help texts and bundles.
    """

    name: str
    integration: Integration
    reset: Reset
    reset_time: ResetTime = ResetTime.SAME_STEP
    inclusive: bool = False
    initial_membrane: InitialMembrane
    drive: Drive = Drive.INTEGRATED
    readout_drive: Drive = Drive.INTEGRATED
    dt: float | None = None
    summary: str


def _forward_euler(name: str, reset: Reset, summary: str) -> Convention:
    return Convention(
        name=name,
        integration=Integration.FORWARD_EULER,
        reset=reset,
        initial_membrane=InitialMembrane.ZERO,
        summary=summary,
    )


def _snntorch(name: str, reset: Reset, summary: str) -> Convention:
    return Convention(
        name=name,
        integration=Integration.FORWARD_EULER,
        reset=reset,
        reset_time=ResetTime.NEXT_STEP,
        initial_membrane=InitialMembrane.ZERO,
        dt=1e-4,
        summary=summary,
    )


def _sinabs(name: str, reset: Reset, drive: Drive, summary: str) -> Convention:
    return Convention(
        name=name,
        integration=Integration.EXPONENTIAL_EULER,
        reset=reset,
        inclusive=True,
        initial_membrane=InitialMembrane.ZERO,
        drive=drive,
        readout_drive=Drive.WHOLE,
        dt=1.0,
        summary=summary,
    )


CONVENTIONS: dict[str, Convention] = {
    c.name: c
    for c in (
        Convention(
            name="norse",
            integration=Integration.FORWARD_EULER,
            reset=Reset.TO_VALUE,
            initial_membrane=InitialMembrane.LEAK,
            summary="forward Euler as Norse steps it: v > v_th, reset to value, membrane starts at v_leak",
        ),
        _forward_euler(
            "forward-euler",
            Reset.TO_VALUE,
            "forward Euler of the NIR equations: v > v_threshold, reset to v_reset, membrane starts at 0",
        ),
        _forward_euler(
            "forward-euler-subtract",
            Reset.BY_SUBTRACTION,
            "forward Euler of the NIR equations: v > v_threshold, a spike subtracts it at once, membrane starts at 0",
        ),
        Convention(
            name="exponential-euler",
            integration=Integration.EXPONENTIAL_EULER,
            reset=Reset.TO_VALUE,
            initial_membrane=InitialMembrane.ZERO,
            summary="exact decay over one step, input held constant: v > v_threshold, reset to v_reset, "
            "membrane starts at 0",
        ),
        _snntorch(
            "snntorch-subtract",
            Reset.BY_SUBTRACTION,
            'snnTorch with reset_mechanism="subtract": mem > threshold, subtracted in the next step',
        ),
        _snntorch(
            "snntorch-zero",
            Reset.TO_VALUE,
            'snnTorch with reset_mechanism="zero": mem > threshold, zero in the next step',
        ),
        Convention(
            name="spikingjelly",
            integration=Integration.FORWARD_EULER,
            reset=Reset.TO_VALUE,
            inclusive=True,
            initial_membrane=InitialMembrane.RESET,
            dt=1e-4,
            summary="spikingjelly with hard reset: v >= v_threshold, reset to v_reset, membrane starts at v_reset",
        ),
        _sinabs(
            "sinabs",
            Reset.BY_SUBTRACTION,
            Drive.INTEGRATED,
            "sinabs with SingleSpike and MembraneSubtract: v_mem >= spike_threshold, subtracted at once",
        ),
        _sinabs(
            "sinabs-reset",
            Reset.TO_VALUE,
            Drive.INTEGRATED,
            "sinabs with SingleSpike and MembraneReset: v_mem >= spike_threshold, reset to zero",
        ),
        _sinabs(
            "sinabs-whole",
            Reset.BY_SUBTRACTION,
            Drive.WHOLE,
            "as sinabs, with norm_input=False: the membrane takes the whole input in each step",
        ),
        _sinabs(
            "sinabs-whole-reset",
            Reset.TO_VALUE,
            Drive.WHOLE,
            "as sinabs-reset, with norm_input=False: the membrane takes the whole input in each step",
        ),
    )
}

DEFAULT_FILE_CONVENTION = "forward-euler"
