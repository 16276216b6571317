"""Sums over units and crossing values that are never above the true cost of a cut.

They hold for every cut with something on either side; the search tries the two others by themselves.

- An island is never in one part with another, and parts run one after the other. A chip's time is at least that of the
  slowest population of every island with the chips to itself, for the steps of the input and one more.
- A device's time is at least that of all arithmetic, of all memory traffic, and of all kernel launches.
- While either computes, the other is idle, and one chip at least is powered. The power of c chips for t seconds is at
  least that of t + (c - 1) t0 chip-seconds, where t0 is the least time that any cut takes.
- A population that shares its chips is cut less finely than one alone, and sends no fewer messages than on the fewest
  cores that hold it.
- A value leaves the chip once, and comes to every island that takes it once at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.energy import ChipWork, RatedLayer, chip_cost, rated_work
from neurotool.ir.coding import MESSAGE_BYTES, VALUE_BYTES
from neurotool.ir.costs import DenseCounts, total_counts
from neurotool.ir.graph import SPIKING_TYPES
from neurotool.passes.partition import Additive
from neurotool.passes.partition.mincut import MinimumCut
from neurotool.passes.partition.problem import CORES, ENERGY, LATENCY, METRICS, Unit
from neurotool.passes.partition.search import everything, nothing
from neurotool.pipeline.cuts.costs import CutCosts


def bounds(costs: CutCosts) -> tuple[Additive, ...]:
    """Additive costs below the true one, one for each thing that may take the most time on either side."""
    return _Bounds(costs).all()


@dataclass(frozen=True, eq=False)
class _Bounds:
    costs: CutCosts

    def all(self) -> tuple[Additive, ...]:
        problem, costs = self.costs.candidates.problem, self.costs
        events = self._rows([self._events(unit) for unit in problem.units])
        loads = np.array([self._load(unit) for unit in problem.units])
        enter = self._rows([self._transfer(value.name, entering=True) for value in problem.values])
        leave = self._rows([self._transfer(value.name, entering=False) for value in problem.values])
        counts = [total_counts(costs.counts[name] for name in unit.nodes) for unit in problem.units]
        found = []
        for seconds in self._device_seconds(counts):
            dense = self._rows([self._dense(each, t) for each, t in zip(counts, seconds, strict=True)])
            alone = self._clock * np.maximum(loads, self._barrier)
            once, base = self._clock * self._barrier, costs.chip.link.time_per_inference.si * self._chip_second
            if len(problem.islands) == 1:  # something runs on it, so that the shortest step is certain
                alone, base = alone - once, base + once * self._chip_second
            found.append(Additive(events, dense, enter, leave, alone, self._chip_second, base))
            if loads.sum() > self._barrier:  # all that runs there takes longer than a step must at least
                spread = events + self._clock * loads[:, None] * self._chip_second
                base = costs.chip.link.time_per_inference.si * self._chip_second
                found.append(Additive(spread, dense, enter, leave, 0 * alone, self._chip_second, base))
        return tuple(self._many_chips(additive) for additive in found)

    def _many_chips(self, additive: Additive) -> Additive:
        """Charge the chips beyond the first for the least time of any cut."""
        chip, problem = self.costs.chip, self.costs.candidates.problem
        axis = np.array([float(metric == LATENCY) for metric in range(len(METRICS))])
        least = MinimumCut(problem, additive).solve(axis, {})[0]
        for extreme in (everything(problem), nothing(problem)):
            least = min(least, self.costs.truth(extreme).latency)
        joules = chip.costs.static_chip.si * least
        events, base = additive.chip.copy(), additive.base.copy()
        events[:, ENERGY] += joules * events[:, CORES] / chip.limits.cores.value
        base[ENERGY] -= joules
        return replace(additive, chip=events, base=base)

    @property
    def _clock(self) -> int:
        return self.costs.steps + 1

    @property
    def _barrier(self) -> float:
        return min(self.costs.chip.costs.barrier.si, self.costs.chip.costs.barrier_chips.si)

    @cached_property
    def _chip_second(self) -> Float64Array:
        """What a second of the chip costs, ``[metric]``: one chip and one core powered, and the device idle."""
        work = replace(self._alone(RatedLayer("", 1, 0.0, 0)), layers=())
        powered = chip_cost(replace(work, latency=1.0), self.costs.chip).joules
        return np.array([powered + self.costs.device.idle.si, 1.0, 0.0])

    @cached_property
    def _room(self) -> int:
        """Cores of the chips that everything together needs at most."""
        cores = self.costs.chip.limits.cores.value
        fewest = sum(layer.fewest_cores(self.costs.chip) for layer in self.costs.layers.values())
        return -(-fewest // cores) * cores

    def _layers(self, unit: Unit) -> list[RatedLayer]:
        return [self.costs.layers[name] for name in unit.nodes if name in self.costs.layers]

    def _alone(self, layer: RatedLayer) -> ChipWork:
        return rated_work([layer], self.costs.chip, self.costs.steps, depth=1)

    def _events(self, unit: Unit) -> Float64Array:
        """Energy of the events of a unit, and the cores that it fills, ``[metric]``."""
        chip, joules, cores = self.costs.chip, 0.0, 0
        for layer in self._layers(unit):
            fewest, work = layer.fewest_cores(chip), self._alone(layer)
            sent = layer.sources * layer.source_rate * layer.reached(fewest) * self.costs.steps
            events = replace(work.layers[0], messages=sent, crossings=0.0)
            joules += chip_cost(replace(work, layers=(events,), latency=0.0), chip).joules
            cores += fewest
        return np.array([joules, 0.0, float(cores)])

    def _load(self, unit: Unit) -> float:
        """Seconds of a step if the unit had all cores of the chips for itself."""
        times = self.costs.chip.costs
        loads = (max(each.synops * times.synop_time.si, each.neurons * times.update_time.si)
                 for each in self._layers(unit))  # fmt: skip
        return sum(loads) / self._room if self._room else 0.0

    def _transfer(self, name: str, *, entering: bool) -> Float64Array:
        """Cost of one value over the link, ``[metric]``."""
        costs, link = self.costs, self.costs.chip.link
        if entering and name in costs.held:
            words = costs.elements(name)
            written = np.array([VALUE_BYTES * words * link.energy_per_byte.si, 0.0, 0.0])
            return written + words * link.time_per_value.si * self._chip_second
        fires = isinstance(costs.candidates.graph.nodes[name].op, SPIKING_TYPES)
        share = 1.0 if entering else costs.share(name)
        moved = MESSAGE_BYTES * costs.messages(name) if entering or fires else VALUE_BYTES * costs.values(name)
        joules = np.array([share * moved * link.energy_per_byte.si, 0.0, 0.0])
        return joules + int(share * costs.values(name)) * link.time_per_value.si * self._chip_second

    def _device_seconds(self, counts: Sequence[DenseCounts]) -> list[list[float]]:
        """Time of every unit on the device by what may limit it: arithmetic, memory, launches."""
        device = self.costs.device
        peak = device.peak["float32"].si * device.compute_efficiency.si
        bandwidth = device.bandwidth.si * device.bandwidth_efficiency.si
        return [
            [each.flops / peak for each in counts],
            [each.bytes_moved / bandwidth for each in counts],
            [each.kernels * device.launch.si for each in counts],
        ]

    def _dense(self, counts: DenseCounts, seconds: float) -> Float64Array:
        device = self.costs.device
        operations = counts.flops * device.operation_energy["float32"].si + counts.bytes_moved * device.byte_energy.si
        power = device.idle.si + device.active_floor.si + self.costs.chip.costs.static_chip.si
        return np.array([operations + power * seconds, seconds, 0.0])

    @staticmethod
    def _rows(rows: Sequence[Float64Array]) -> Float64Array:
        return np.array(rows, np.float64).reshape(-1, 3)
