"""Chooses how finely populations are cut.

Finer cuts shorten the time step, which the slowest core decides, and with it the energy of being powered; they cost
messages and powered cores. Cuts are made finer until no core takes longer than a given time, for one time after the
other, and the plan with the least energy times time is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, prod, sqrt

from neurotool.chips import Chip
from neurotool.chips.needs import Need
from neurotool.passes.place.cutting import Cut, Cutter, Parts

Plan = Mapping[str, Cut]
"""The cut of every population."""

SHRINK = 0.8
"""Ratio of one time to the next."""

ROUNDS = 12
"""Most refinements of one cut for one time; each goes at least as far as the time asks, were the load spread evenly."""


def core_seconds(need: Need, chip: Chip) -> float:
    """Time a core needs for a step: its synaptic operations or its neuron updates, whichever takes longer."""
    return max(need.synops * chip.costs.synop_time.si, need.neurons * chip.costs.update_time.si)


def cut_seconds(cut: Cut, chip: Chip) -> float:
    """Time of the slowest slice of a cut."""
    return max(core_seconds(need, chip) for need in cut.needs)


def chips_for(cores: int, chip: Chip) -> int:
    """Chips that so many cores fill."""
    return -(-cores // chip.limits.cores.value)


def barrier_seconds(cores: int, chip: Chip) -> float:
    """Shortest step with so many cores: chips take longer to synchronise than the cores of one."""
    return chip.costs.barrier.si if chips_for(cores, chip) <= 1 else chip.costs.barrier_chips.si


def step_seconds(plan: Plan, chip: Chip) -> float:
    """Modelled time of a step: that of the slowest core, or the barrier."""
    slowest = max((cut_seconds(cut, chip) for cut in plan.values()), default=0.0)
    return max(barrier_seconds(cores_of(plan), chip), slowest)


def plan_cost(plan: Plan, chip: Chip) -> float:
    """Energy times time of a step, before slices share cores and without hops, in joule seconds."""
    costs, cores = chip.costs, cores_of(plan)
    seconds = step_seconds(plan, chip)
    power = chips_for(cores, chip) * costs.static_chip.si + cores * costs.static_core.si
    return seconds * (power * seconds + costs.message.si * sum(cut.messages for cut in plan.values()))


def cores_of(plan: Plan) -> int:
    """Number of slices, each on a core of its own."""
    return sum(len(cut.slices) for cut in plan.values())


def spread(coarse: Plan, cutter: Cutter, chip: Chip) -> Plan:
    """Refine the coarsest cuts as far as that pays, on no more chips than they need."""
    room = chips_for(cores_of(coarse), chip) * chip.limits.cores.value
    best, plan = coarse, dict(coarse)
    seconds, shortest = step_seconds(plan, chip), barrier_seconds(room, chip)
    while seconds > shortest:
        seconds = max(seconds * SHRINK, shortest)
        plan = {name: refined(cut, name, seconds, cutter, chip) for name, cut in plan.items()}
        if cores_of(plan) > room:
            break
        if plan_cost(plan, chip) < plan_cost(best, chip):
            best = plan
        if step_seconds(plan, chip) > seconds:
            break  # the slowest slice cannot be cut any more
    return best


def refined(cut: Cut, name: str, seconds: float, cutter: Cutter, chip: Chip) -> Cut:
    """Cut a population more finely until no slice takes longer than a time, or there is nothing left to cut."""
    for _ in range(ROUNDS):
        slowest = cut_seconds(cut, chip)
        if slowest <= seconds:
            break
        finer = [cutter.cut(name, parts) for parts in finer_parts(cut.parts, cutter.grid(name), slowest / seconds)]
        finer = [each for each in finer if each.fits]
        if not finer:
            break
        cut = min(finer, key=lambda each: (cut_seconds(each, chip) > seconds, each.messages, len(each.slices)))
    return cut


def finer_parts(parts: Parts, grid: Parts, ratio: float) -> list[Parts]:
    """Ways to make slices smaller by a ratio: along one axis, or along rows and columns together."""
    both = sqrt(ratio)
    factors = [(ratio, 1.0, 1.0), (1.0, ratio, 1.0), (1.0, 1.0, ratio), (1.0, both, both)]
    found = []
    for factor in factors:
        more = tuple(
            min(max(ceil(count * by), count + (by > 1.0)), size)
            for count, by, size in zip(parts, factor, grid, strict=True)
        )
        if prod(more) > prod(parts):
            found.append((more[0], more[1], more[2]))
    return sorted(set(found))
