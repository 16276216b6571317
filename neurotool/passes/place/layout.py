"""Who sends to whom between the slices of a plan, and how slices share cores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from neurotool.arrays import Int64Array
from neurotool.chips import Chip
from neurotool.chips.needs import Need, Needs
from neurotool.chips.wiring import destinations, fan_out, in_axons, out_axons
from neurotool.ir.placement import CoreUse, Slice, cores_of_neurons
from neurotool.ir.program import ChipProgram
from neurotool.passes.place.packing import pack
from neurotool.passes.place.spread import Plan


@dataclass(frozen=True, eq=False)
class Layout:
    """Slices on numbered cores.

    Attributes:
        cores: Slices of each core, in the order of the cores.
        needs: Needs of each slice.
        in_axons: Input axons of each core.
        out_axons: Output axons of each core.
        traffic: Messages in a step from core to core, ``[core, core]``.
        entering: Messages in a step from outside the chip.
    """

    cores: tuple[tuple[Slice, ...], ...]
    needs: Mapping[Slice, Need]
    in_axons: Int64Array
    out_axons: Int64Array
    traffic: sparse.csr_array
    entering: float

    def ordered(self, order: Int64Array) -> Layout:
        """Return the layout with core ``order[i]`` as core i."""
        return Layout(
            tuple(self.cores[i] for i in order),
            self.needs,
            self.in_axons[order],
            self.out_axons[order],
            self.traffic[order][:, order],
            self.entering,
        )

    def synops(self, core: int) -> float:
        """Synaptic operations of a core in a step."""
        return sum(self.needs[held].synops for held in self.cores[core])

    def uses(self, chip: Chip) -> tuple[CoreUse, ...]:
        """Number the cores chip by chip and list what each uses."""
        found = []
        for i, slices in enumerate(self.cores):
            number, core = divmod(i, chip.limits.cores.value)
            bits = sum(self.needs[held].synapse_bits for held in slices)
            axons = int(self.in_axons[i]), int(self.out_axons[i])
            found.append(CoreUse(number, core, slices, bits, *axons, self.synops(i)))
        return tuple(found)


class Layouts:
    """Makes layouts of plans; what cuts have in common is worked out once.

    Args:
        program: The program.
        chip: The chip.
        needs: What slices need.
    """

    def __init__(self, program: ChipProgram, chip: Chip, needs: Needs) -> None:
        self._program, self._chip, self._needs = program, chip, needs
        self._reach: dict[str, tuple[Sequence[Slice], sparse.csr_array]] = {}

    def make(self, plan: Plan, *, share: bool = True) -> Layout:
        """Lay out a plan: slices in the order of the populations, several to a core where that costs nothing.

        Args:
            plan: The plan.
            share: Whether slices may share a core.
        """
        slices = [held for cut in plan.values() for held in cut.slices]
        needs = {held: need for cut in plan.values() for held, need in zip(cut.slices, cut.needs, strict=True)}
        reached = self._reached(plan, len(slices))
        alone = out_axons(self._program, [(held,) for held in slices], reached)
        groups: list[tuple[int, ...]] = [(i,) for i in range(len(slices))]
        if share:
            groups = pack(self._program, self._chip, slices, [needs[held] for held in slices], alone.tolist())
        cores = tuple(tuple(slices[i] for i in group) for group in groups)
        owner = np.zeros(len(slices), np.int64)
        for core, group in enumerate(groups):
            owner[list(group)] = core
        join = sparse.csr_array((np.ones(len(slices), np.int64), (np.arange(len(slices)), owner)))
        joined = {name: counts @ join for name, counts in reached.items()}
        ins = in_axons(self._program, cores, joined)
        traffic, entering = self._traffic(cores, joined)
        return Layout(cores, needs, ins, out_axons(self._program, cores, joined), traffic, entering)

    def _reached(self, plan: Plan, count: int) -> dict[str, sparse.csr_array]:
        """Synapses from every source neuron to every slice of the plan, by projection, ``[source, slice]``."""
        found, first = {}, 0
        starts = {}
        for name, cut in plan.items():
            starts[name] = first
            first += len(cut.slices)
        for name, projection in self._program.projections.items():
            slices = plan[projection.target].slices
            if name not in self._reach or self._reach[name][0] != slices:
                held = [(each,) for each in slices]
                self._reach[name] = slices, fan_out(self._program, projection, held, self._needs.lists[name])
            own = self._reach[name][1]
            found[name] = sparse.csr_array(
                (own.data, own.indices + starts[projection.target], own.indptr), (own.shape[0], count)
            )
        return found

    def _traffic(
        self, cores: Sequence[Sequence[Slice]], reached: Mapping[str, sparse.csr_array]
    ) -> tuple[sparse.csr_array, float]:
        shape = len(cores), len(cores)
        total, entering = sparse.csr_array(shape), 0.0
        for name, to in destinations(self._program, reached).items():
            rate = self._needs.rates[name]
            if name in self._program.inputs:
                entering += rate * to.nnz
                continue
            neurons, heard = to.nonzero()
            own = cores_of_neurons(name, self._program.size_of(name), cores)
            total = total + sparse.csr_array((np.full(len(neurons), rate), (own[neurons], heard)), shape)
        return total, entering
