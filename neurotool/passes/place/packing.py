"""Joins slices of several populations on a core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from neurotool.chips import Chip
from neurotool.chips.needs import Need
from neurotool.ir.placement import Slice
from neurotool.ir.program import ChipProgram
from neurotool.passes.place.spread import barrier_seconds, core_seconds

LOOK_BACK = 64
"""Cores that are considered for a slice: those opened last. Neighbours in the network then lie close together."""


@dataclass
class _Core:
    model: str
    need: Need
    out_axons: int
    populations: set[str]
    slices: list[int] = field(default_factory=list)


def pack(
    program: ChipProgram, chip: Chip, slices: Sequence[Slice], needs: Sequence[Need], out_axons: Sequence[int]
) -> list[tuple[int, ...]]:
    """Put slices on cores, first fit in their order.

    A slice joins a core of the same neuron model that has no slice of the same population, if the limits of a core
    hold and the core does not take longer than the slowest slice does alone, or than the barrier: so it does not
    lengthen the time step. Needs are added up, which is more than is needed where slices hear the same sources.

    Args:
        program: The program.
        chip: The chip.
        slices: The slices.
        needs: What each needs.
        out_axons: Output axons that each needs on a core of its own.

    Returns:
        Indices of the slices on each core.
    """
    longest = max([barrier_seconds(len(slices), chip), *(core_seconds(need, chip) for need in needs)])
    cores: list[_Core] = []
    for i, (held, need, axons) in enumerate(zip(slices, needs, out_axons, strict=True)):
        model = program.populations[held.population].model
        for core in cores[-LOOK_BACK:]:
            joined = _sum(core.need, need)
            if (
                core.model == model
                and held.population not in core.populations
                and _fits(joined, core.out_axons + axons, chip)
                and core_seconds(joined, chip) <= longest
            ):
                core.need, core.out_axons = joined, core.out_axons + axons
                break
        else:
            core = _Core(model, need, axons, set())
            cores.append(core)
        core.slices.append(i)
        core.populations.add(held.population)
    return [tuple(core.slices) for core in cores]


def _sum(a: Need, b: Need) -> Need:
    return Need(
        a.neurons + b.neurons,
        a.synapse_bits + b.synapse_bits,
        a.in_axons + b.in_axons,
        a.synops + b.synops,
        a.messages + b.messages,
    )


def _fits(need: Need, out_axons: int, chip: Chip) -> bool:
    limits = chip.limits
    return (
        need.neurons <= limits.neurons_per_core.value
        and need.synapse_bits <= limits.synapse_bits_per_core.value
        and need.in_axons <= limits.in_axons_per_core.value
        and out_axons <= limits.out_axons_per_core.value
    )
