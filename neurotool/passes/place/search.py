"""Looks for a better layout than the greedy one, for a given time.

First the cuts of populations are changed one at a time, by annealing on the cost of the plan; then the order of the
cores is improved by exchanging pairs, so that cores that talk lie close together. What is returned is the better of
what was found and what was given. Both searches count their steps, so that the same seed and time give the same
layout on any machine that is not much slower than :data:`PLANS_PER_SECOND` and :data:`VISITS_PER_SECOND` say.
"""

from __future__ import annotations

import time
from math import exp

import numpy as np

from neurotool.chips import Chip
from neurotool.passes.place.cutting import Cutter, Parts
from neurotool.passes.place.exchange import exchanged
from neurotool.passes.place.layout import Layout, Layouts
from neurotool.passes.place.quality import judge
from neurotool.passes.place.spread import Plan, chips_for, cores_of, plan_cost

PLANS_PER_SECOND = 100
"""Plans tried for each second of time."""

HEAT = 0.02
"""Relative rise of the cost that is accepted with a chance of 1/e at the start."""

TRIED = 4
"""Plans that are laid out, from the best one on, until one fits."""


def search(
    plan: Plan, layout: Layout, cutter: Cutter, layouts: Layouts, chip: Chip, seconds: float, seed: int
) -> tuple[Layout, str]:
    """Improve a layout.

    Args:
        plan: The plan it was made of.
        layout: The layout to begin with, which fits.
        cutter: Makes cuts.
        layouts: Makes layouts.
        chip: The chip.
        seconds: Time to spend.
        seed: Seed of everything drawn.

    Returns:
        A layout that fits and costs no more, and how it was found.
    """
    rng = np.random.default_rng(seed)
    deadline = time.monotonic() + seconds
    plans, tried = _annealed(plan, cutter, chip, seconds, rng, time.monotonic() + seconds / 2)
    starts = [layout]
    for other in plans[:TRIED]:
        made = layouts.make(other)
        if _fits(made, chip, len(layout.cores)):
            starts.append(made)
            break
        if time.monotonic() > deadline:
            break
    best, cost, swaps = layout, judge(layout, chip).cost, 0
    for start in starts:
        order, visited = exchanged(start, chip, seconds / 2 / len(starts), rng, deadline)
        found = start.ordered(order)
        swaps += visited
        if judge(found, chip).cost < cost:
            best, cost = found, judge(found, chip).cost
    late = "" if time.monotonic() <= deadline else ", stopped by the clock"
    return best, f"search for {seconds:g} s, seed {seed}: {tried} plans, {swaps} visits of a core{late}"


def _fits(layout: Layout, chip: Chip, cores: int) -> bool:
    """Say whether a layout keeps the limits and takes no chip more than one of so many cores."""
    limits = chip.limits
    return (
        bool(np.all(layout.out_axons <= limits.out_axons_per_core.value))
        and bool(np.all(layout.in_axons <= limits.in_axons_per_core.value))
        and len(layout.cores) <= chips_for(cores, chip) * limits.cores.value
    )


def _annealed(
    plan: Plan, cutter: Cutter, chip: Chip, seconds: float, rng: np.random.Generator, deadline: float
) -> tuple[list[Plan], int]:
    """Change cuts at random; return the plans that were the best so far, last found first, and how many were tried."""
    room = chips_for(cores_of(plan), chip) * chip.limits.cores.value
    names, steps = list(plan), max(1, round(seconds * PLANS_PER_SECOND))
    current, cost = plan, plan_cost(plan, chip)
    best, found = cost, list[Plan]()
    for step in range(steps):
        if time.monotonic() > deadline:
            return found[::-1], step
        name = names[int(rng.integers(len(names)))]
        cut = cutter.cut(name, _neighbour(current[name].parts, cutter.grid(name), rng))
        chance = rng.random()
        if not cut.fits:
            continue
        other = {**current, name: cut}
        changed = plan_cost(other, chip)
        heat = HEAT * (1 - step / steps) * cost
        if cores_of(other) <= room and (changed <= cost or (heat > 0 and chance < exp((cost - changed) / heat))):
            current, cost = other, changed
            if cost < best * (1 - 1e-9):
                best = cost
                found.append(current)
    return found[::-1], steps


def _neighbour(parts: Parts, grid: Parts, rng: np.random.Generator) -> Parts:
    """Change the number of pieces along one axis, or move pieces from one axis to another."""
    count = list(parts)
    axes = [axis for axis in range(3) if grid[axis] > 1] or [0]
    axis, other = (int(rng.choice(axes)) for _ in range(2))
    by = float(rng.choice([0.5, 0.8, 1.25, 2.0]))
    step = max(1, abs(round(count[axis] * (by - 1))))
    count[axis] += step if by > 1 else -step
    if other != axis:
        count[other] = round(count[other] * parts[axis] / max(count[axis], 1))
    clipped = [min(max(each, 1), size) for each, size in zip(count, grid, strict=True)]
    return clipped[0], clipped[1], clipped[2]
