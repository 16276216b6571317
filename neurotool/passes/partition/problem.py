"""The choice of a cut as a problem of its own: units that go as one, values that cross, and what both cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from networkx.utils import UnionFind

from neurotool.arrays import BoolArray, Float64Array
from neurotool.ir.costs import CutCost

METRICS = ("energy", "latency", "cores")
"""What a cut is judged by, in the order of the last axis of every cost array."""

ENERGY, LATENCY, CORES = range(len(METRICS))


@dataclass(frozen=True)
class Unit:
    """Nodes that are always on the same side: a population with its synapses, or a loop.

    Attributes:
        nodes: Names of the nodes, in the order of the graph.
        fixed: True where it must be on the chip, False where it must not, None where the cut decides.
    """

    nodes: tuple[str, ...]
    fixed: bool | None = None


@dataclass(frozen=True)
class Value:
    """A value that may cross between the sides. It leaves the chip once, and comes to every part that takes it once.

    Attributes:
        name: Node that makes it.
        maker: Number of the unit that makes it; None where it is made off the chip in any case.
        takers: Numbers of the other units that take it.
        outside: Whether something takes it that is off the chip in any case, such as an output of the model.
        apart: Those of the takers that can be in no part with the maker, since something that is off the chip in any
            case lies between them. For them the value leaves the chip and comes back.
    """

    name: str
    maker: int | None
    takers: tuple[int, ...]
    outside: bool
    apart: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class CutProblem:
    """What may be chosen.

    Attributes:
        units: The units.
        values: Values between them.
        requires: Pairs (a, b): unit a may be on the chip only if unit b is.
    """

    units: tuple[Unit, ...]
    values: tuple[Value, ...]
    requires: tuple[tuple[int, int], ...] = ()

    @property
    def free(self) -> tuple[int, ...]:
        """Units that the cut decides about."""
        return tuple(i for i, unit in enumerate(self.units) if unit.fixed is None)

    @cached_property
    def islands(self) -> tuple[tuple[int, ...], ...]:
        """Groups of units that no value joins without a detour off the chip: never in one part."""
        joined = UnionFind(range(len(self.units)))
        for value in self.values:
            near = [taker for taker in value.takers if value.maker is not None and taker not in value.apart]
            joined.union(*near, *([] if value.maker is None else [value.maker]))
        able = (tuple(u for u in sorted(group) if self.units[u].fixed is not False) for group in joined.to_sets())
        return tuple(sorted(group for group in able if group))

    @cached_property
    def _island_of(self) -> Mapping[int, int]:
        return {unit: number for number, island in enumerate(self.islands) for unit in island}

    def arrivals(self, value: Value) -> list[tuple[tuple[int, ...], bool]]:
        """Takers of a value that it comes onto the chip for together, and whether it does even if it is made there."""
        groups: dict[int, list[int]] = {}
        for taker in value.takers:
            groups.setdefault(self._island_of.get(taker, -1), []).append(taker)
        found = []
        for takers in groups.values():
            apart = tuple(taker for taker in takers if taker in value.apart)
            found.append((apart, True) if apart else (tuple(takers), False))
        return found

    def legal(self, on_chip: Sequence[bool] | BoolArray) -> bool:
        """Whether an assignment keeps what is fixed and what is required."""
        kept = all(unit.fixed is None or unit.fixed == bool(on) for unit, on in zip(self.units, on_chip, strict=True))
        return kept and all(on_chip[b] or not on_chip[a] for a, b in self.requires)


@dataclass(frozen=True, eq=False)
class Additive:
    """A cost that is a sum over units and crossing values, and the slowest unit on the chip.

    Such a cost has its minimum found by one minimum cut. It serves as the bound of a true cost that no sum can express,
    and must then never exceed it.

    Attributes:
        chip: Cost of every unit on the chip, ``[unit, metric]``.
        dense: Cost of every unit off the chip, likewise.
        enter: Cost of every value to come onto the chip, ``[value, metric]``.
        leave: Cost of every value to leave it, likewise.
        slowest: Time that each unit needs on the chip if nothing else ran there, ``[unit]``; the largest one of every
            island counts (:attr:`CutProblem.islands`), since islands run one after the other.
        second: What each of those seconds costs, ``[metric]``.
        base: Cost of every assignment, ``[metric]``.
    """

    chip: Float64Array
    dense: Float64Array
    enter: Float64Array
    leave: Float64Array
    slowest: Float64Array
    second: Float64Array
    base: Float64Array

    def cost(self, problem: CutProblem, on_chip: BoolArray) -> Float64Array:
        """Cost of an assignment, ``[metric]``."""
        total: Float64Array = self.base + self.chip[on_chip].sum(axis=0) + self.dense[~on_chip].sum(axis=0)
        for island in problem.islands:
            total = total + max((self.slowest[unit] for unit in island if on_chip[unit]), default=0.0) * self.second
        for number, value in enumerate(problem.values):
            made_there = value.maker is not None and bool(on_chip[value.maker])
            if made_there and (value.outside or value.apart or not on_chip[list(value.takers)].all()):
                total = total + self.leave[number]
            for takers, always in problem.arrivals(value):
                if on_chip[list(takers)].any() and (always or not made_there):
                    total = total + self.enter[number]
        return total


def metrics_of(cost: CutCost) -> Float64Array:
    """A cost as an array, ``[metric]``."""
    return np.array([cost.energy, cost.latency, cost.cores])
