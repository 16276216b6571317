"""What ``inspect --placement`` answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from neurotool.cli.chip_values import resource_values
from neurotool.cli.summary import chip
from neurotool.cli.summary.tables import facts, next_command
from neurotool.units import format_si

if TYPE_CHECKING:
    from neurotool.ir.placement import Placement


def inspected_placement(
    path: Path, placements: Mapping[str, Placement], maps: Sequence[Path]
) -> tuple[dict[str, Any], list[RenderableType]]:
    """Answer of ``inspect --placement``: every core, what the layout costs in a step, and what it assumes."""
    data = {
        "schema": "neurotool.placement/1",
        "model": str(path),
        "placements": {part: placement.to_json() for part, placement in placements.items()},
        "resources": resource_values(placements),
        "maps": [str(each) for each in maps],
    }
    text: list[RenderableType] = []
    for part, placement in placements.items():
        text += [chip.cores(part, placement), facts(f"In a step, {part}", _step(placement))]
    about = {"core map": tuple(map(str, maps))}
    return data, [
        *text,
        chip.resources(placements),
        facts("", about),
        next_command("neurotool", "explain", "NT-PLACE-007"),
    ]


def _step(placement: Placement) -> dict[str, object]:
    q = placement.quality
    crossed = f"{q.hops_east_west:,.0f} along rows, {q.hops_north_south:,.0f} along columns"
    borders = f", {q.crossings:,.0f} between chips" if placement.chips > 1 else ""
    return {
        "synaptic operations": f"{q.synops:,.0f}, {q.busiest_synops:,.0f} of them on the busiest core",
        "messages": f"{q.messages:,.0f}",
        "tiles crossed": crossed + borders,
        "modelled time": format_si(q.seconds, "s"),
        "found by": placement.method,
        "spike rates": _rates(placement),
        "assumed": placement.assumptions,
    }


def _rates(placement: Placement) -> str:
    """The rates that the layout was made for."""
    if not placement.rates:
        return "assumed"
    return "measured on calibration data: " + ", ".join(f"{name} {rate:.1%}" for name, rate in placement.rates.items())
