"""The plainest placement: populations in order, each cut along its flat order, as many neurons to a core as fit."""

from __future__ import annotations

from bisect import bisect_left

from neurotool.chips import Chip
from neurotool.chips.needs import Needs
from neurotool.ir.placement import Quality, Slice
from neurotool.ir.program import ChipProgram
from neurotool.passes.place.cutting import Cut, Cutter
from neurotool.passes.place.layout import Layouts
from neurotool.passes.place.quality import judge


def sequential(program: ChipProgram, chip: Chip) -> tuple[Quality, int]:
    """Lay a program out with first fit, one population per core, and return its quality and number of cores.

    Output axons are not heeded, to its advantage.
    """
    needs = Needs(program, chip.memory)
    cutter = Cutter(program, chip, needs)
    plan = {
        name: _filled(name, population.size, needs, cutter, chip) for name, population in program.populations.items()
    }
    layout = Layouts(program, chip, needs).make(plan, share=False)
    return judge(layout, chip), len(layout.cores)


def _filled(name: str, size: int, needs: Needs, cutter: Cutter, chip: Chip) -> Cut:
    slices: list[Slice] = []
    first, most = 0, chip.limits.neurons_per_core.value
    while first < size:
        begin, ends = first, range(first + 1, min(first + most, size) + 1)
        fits = bisect_left(ends, True, key=lambda last: not cutter.fits(needs.of(Slice.flat(name, size, begin, last))))
        slices.append(Slice.flat(name, size, first, first + max(fits, 1)))
        first += max(fits, 1)
    return Cut((len(slices), 1, 1), tuple(slices), tuple(map(needs.of, slices)), True)
