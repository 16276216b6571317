"""Makes room for output axons."""

from __future__ import annotations

from neurotool.chips import Chip
from neurotool.passes.place.cutting import Cutter
from neurotool.passes.place.layout import Layout, Layouts
from neurotool.passes.place.spread import Plan, finer_parts


def repaired(plan: Plan, cutter: Cutter, layouts: Layouts, chip: Chip, room: int) -> tuple[Layout, Plan]:
    """Lay out a plan, and again with more slices where output axons run out, until nothing more helps.

    Args:
        plan: The plan to begin with.
        cutter: Makes cuts.
        layouts: Makes layouts.
        chip: The chip.
        room: Cores there are; with more, nothing needs repair any longer.
    """
    limit = chip.limits.out_axons_per_core.value
    while True:
        layout = layouts.make(plan)
        worst: dict[str, int] = {}
        for slices, used in zip(layout.cores, layout.out_axons.tolist(), strict=True):
            if used > limit:
                for held in slices:
                    worst[held.population] = max(worst.get(held.population, 0), used)
        finer = dict(plan)
        for name, used in worst.items():
            parts = finer_parts(plan[name].parts, cutter.grid(name), max(used / limit, 1.001) if limit else used)
            cuts = [cut for cut in (cutter.cut(name, each) for each in parts) if cut.fits]
            if cuts:
                # Output axons are counted by position, so cutting channels alone saves none.
                finer[name] = min(cuts, key=lambda cut: (cut.parts[1:] == plan[name].parts[1:], len(cut.slices)))
        if all(finer[name] is plan[name] for name in finer) or len(layout.cores) > room:
            return layout, plan
        plan = finer
