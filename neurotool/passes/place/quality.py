"""What a layout costs in a time step."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.chips import Chip
from neurotool.chips.wiring import tiles
from neurotool.ir.placement import Quality
from neurotool.passes.place.layout import Layout
from neurotool.passes.place.spread import barrier_seconds, chips_for


def judge(layout: Layout, chip: Chip) -> Quality:
    """Model time and energy of a step from the nominal constants of the chip.

    Only what the layout decides is counted: messages, hops, and being powered. Synaptic operations and neuron updates
    are the same for every layout.
    """
    costs, count = chip.costs, len(layout.cores)
    chips = chips_for(count, chip)
    synops = [layout.synops(core) for core in range(count)]
    fullest = max((sum(held.size for held in slices) for slices in layout.cores), default=0)
    sent = layout.traffic.tocoo()
    across, down, borders = distances(*positions(count, chip), *sent.coords)
    messages = float(sent.data.sum()) + layout.entering
    crossings = float(sent.data @ borders)
    hops = float(sent.data @ across), float(sent.data @ down)
    seconds = max(
        max(synops, default=0.0) * costs.synop_time.si,
        fullest * costs.update_time.si,
        crossings / max(chips - 1, 1) * costs.crossing_time.si,  # as if spread evenly over the links, as the energy is
        barrier_seconds(count, chip),
    )
    joules = (
        messages * costs.message.si
        + hops[0] * costs.hop_east_west.si
        + hops[1] * costs.hop_north_south.si
        + crossings * costs.crossing.si
        + seconds * (chips * costs.static_chip.si + count * costs.static_core.si)
    )
    return Quality(sum(synops), max(synops, default=0.0), messages, *hops, crossings, seconds, joules)


def positions(count: int, chip: Chip) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Row, column and chip of so many cores, filled chip by chip."""
    return tiles([divmod(i, chip.limits.cores.value) for i in range(count)], chip.mesh)


def distances(
    row: Int64Array, column: Int64Array, chips: Int64Array, a: Int64Array, b: Int64Array
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Tiles crossed along rows and along columns, and borders of chips crossed, between cores.

    Args:
        row: Row of each core's tile.
        column: Its column.
        chips: Its chip.
        a: Cores that send.
        b: Cores that receive.
    """
    borders = np.abs(chips[a] - chips[b])
    # The step from chip to chip is a crossing and no hop.
    return np.abs(column[a] - column[b]) - borders, np.abs(row[a] - row[b]), borders
