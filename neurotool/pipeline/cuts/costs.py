"""What a cut costs: the true cost of an assignment, and the sums below it that the search is bounded with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from neurotool.arrays import BoolArray
from neurotool.chips import Chip, Device
from neurotool.energy import Busy, ChipWork, Cost, RatedLayer, chip_cost, device_cost, rated_work, waits
from neurotool.ir.costs import CutCost, DenseCounts, total_counts
from neurotool.ir.graph import SPIKING_TYPES, Graph
from neurotool.ir.partition import Part, Side
from neurotool.passes.partition import Candidates
from neurotool.pipeline.cuts.layers import Activity


@dataclass(frozen=True, eq=False)
class CutCosts:
    """Costs the cuts of one model on one chip and one device.

    Attributes:
        candidates: What may go where.
        chip: The chip.
        device: What the dense parts run on.
        steps: Time steps of an inference.
        activity: How often neurons fire.
        layers: The populations that may go to the chip.
        counts: Work of every node in torch.
        summed: Values that cross as their sum over time, as long as nothing else takes them off the chip.
        held: Values that come onto the chip once, as a current that is held over the steps.
    """

    candidates: Candidates
    chip: Chip
    device: Device
    steps: int
    activity: Activity
    layers: Mapping[str, RatedLayer]
    counts: Mapping[str, DenseCounts]
    summed: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    _known: dict[tuple[str, ...], tuple[Cost, int]] = field(default_factory=dict)

    def truth(self, on_chip: BoolArray) -> CutCost:
        """Cost of an assignment."""
        return self.of(self.candidates.parts(on_chip))

    def of(self, parts: Sequence[Part]) -> CutCost:
        """Cost of a cut: its parts one after the other, and what waits meanwhile, as ``estimate-energy`` charges it."""
        spiking = [self._part(part) for part in parts if part.side is Side.SPIKING]
        dense = [self._part(part) for part in parts if part.side is Side.DENSE]
        on_chip, off_chip = _total(spiking), _total(dense)
        latency, cores = on_chip.seconds + off_chip.seconds, sum(used for _, used in spiking)
        return CutCost(on_chip.joules + off_chip.joules + self._waiting(spiking, dense), latency, cores)

    def _waiting(self, spiking: Sequence[tuple[Cost, int]], dense: Sequence[tuple[Cost, int]]) -> float:
        """Joules of what is powered and does not compute."""
        per_chip = self.chip.limits.cores.value
        busy = [Busy(-(-used // per_chip), used, np.array([cost.seconds])) for cost, used in spiking]
        found, costs = waits(busy, [np.array([cost.seconds]) for cost, _ in dense], self.chip), self.chip.costs
        powers = costs.static_chip.si, costs.static_core.si, self.device.idle.si
        return sum(power * float(time[0]) for power, time in zip(powers, found, strict=True))

    def _part(self, part: Part) -> tuple[Cost, int]:
        """Cost of a part and the cores that it fills."""
        key = (part.side, *part.nodes, "", *part.inputs, "", *part.outputs)
        if key not in self._known:
            if part.side is Side.SPIKING:
                work = self._work(part)
                self._known[key] = chip_cost(work, self.chip), work.cores
            else:
                self._known[key] = device_cost(total_counts(self.counts[name] for name in part.nodes), self.device), 0
        return self._known[key]

    def _work(self, part: Part) -> ChipWork:
        layers = [self.layers[name] for name in part.nodes if name in self.layers]
        fired = [name for name in part.outputs if isinstance(self._graph.nodes[name].op, SPIKING_TYPES)]
        read = [name for name in part.outputs if name not in fired]
        entering = [name for name in part.inputs if name not in self.held]
        return rated_work(
            layers, self.chip, self.steps, depth=self._depth(part),
            spikes_in=sum(map(self.messages, entering)), values_in=sum(map(self.values, entering)),
            held_in=sum(self.elements(n) for n in part.inputs if n in self.held),
            spikes_out=sum(self.messages(n) * self.share(n, part) for n in fired),
            values_out=sum(round(self.values(n) * self.share(n, part)) for n in fired),
            potentials_out=sum(round(self.values(n) * self.share(n, part)) for n in read),
        )  # fmt: skip

    def values(self, name: str) -> int:
        """Elements of a value in an inference, zeros included."""
        return self.elements(name) * (self.steps if self._graph.nodes[name].timed else 1)

    def elements(self, name: str) -> int:
        """Elements of a value in one step."""
        return math.prod(self._graph.nodes[name].shape)

    def messages(self, name: str) -> float:
        """Spikes of a value in an inference."""
        return self.values(name) * self.activity.rate(self._graph, name)

    def share(self, name: str, part: Part | None = None) -> float:
        """Share of a value that leaves the chip: one sum for all steps where only the usual takers ask for it."""
        usual = part is None or all(
            e.target in part.nodes or e.target in self._dense for e in self._graph.outgoing(name)
        )
        return 1 / self.steps if name in self.summed and usual else 1.0

    @cached_property
    def _dense(self) -> frozenset[str]:
        """Nodes that are off the chip in any case, outputs among them."""
        problem = self.candidates.problem
        able = {name for unit in problem.units if unit.fixed is not False for name in unit.nodes}
        return frozenset(name for name in self._graph.nodes if name not in able)

    def _depth(self, part: Part) -> int:
        """Populations on the longest way through a part; each hears of an input one step later.

        Edges that wait are left out: without them a part has no loops and its nodes are in the order of the graph.
        """
        depth: dict[str, int] = {}
        for name in part.nodes:
            before = (depth[e.source] for e in self._graph.incoming(name) if e.source in depth and e.delay == 0)
            depth[name] = max(before, default=0) + (name in self.layers)
        return max(depth.values(), default=0)

    @property
    def _graph(self) -> Graph:
        return self.candidates.graph


def _total(costs: Iterable[tuple[Cost, int]]) -> Cost:
    return sum((cost for cost, _ in costs), Cost(0.0, 0.0))
