"""Where a program lies on the grid of a chip: populations, synaptic memory and synaptic operations, core by core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, PercentFormatter

from neurotool.arrays import Float64Array
from neurotool.report.style import BLACK, LIGHT, colour, new_figure

MOST_CHIPS = 4
"""Chips in one figure; of larger systems the first are drawn."""


@dataclass(frozen=True)
class CoreMark:
    """One core in use.

    Attributes:
        chip: Chip number.
        row: Row of its tile on the chip.
        column: Column of its tile on the chip.
        slot: Number of the core in the tile.
        population: The population with most of its neurons.
        memory: Used share of its synaptic memory.
        synops: Synaptic operations in a step.
    """

    chip: int
    row: int
    column: int
    slot: int
    population: str
    memory: float
    synops: float


def core_map(cores: Sequence[CoreMark], rows: int, columns: int, slots: int, title: str = "") -> Figure:
    """Draw every core of each chip as a square, in the tile where it lies.

    Args:
        cores: The cores in use; others stay empty.
        rows: Rows of tiles on a chip.
        columns: Columns of tiles.
        slots: Cores of a tile.
        title: Title, or empty.

    Raises:
        ValueError: There are no cores.
    """
    if not cores:
        raise ValueError("a core map needs at least one core")
    chips = sorted({core.chip for core in cores})
    drawn = chips[:MOST_CHIPS]
    side = ceil(sqrt(slots))
    figure = new_figure(160 + 190 * len(drawn))
    left_out = f" (first {len(drawn)} of {len(chips)} chips)" if len(drawn) < len(chips) else ""
    if title or left_out:
        figure.suptitle(title + left_out)
    layout = figure.add_gridspec(len(drawn) + 1, 3, height_ratios=[1.0] * len(drawn) + [0.07])
    names = sorted({core.population for core in cores})
    places = [float(names.index(core.population)) for core in cores]
    kinds = ListedColormap([colour(i) for i in range(len(names))])
    most = max(max(core.synops for core in cores), 1e-12)
    panels: list[tuple[str, Sequence[float], Colormap | str, float, float]] = [
        ("population with most neurons", places, kinds, -0.5, len(names) - 0.5),
        ("synaptic memory in use", [core.memory for core in cores], "cividis", 0.0, 1.0),
        ("synaptic operations per step", [core.synops for core in cores], "cividis", 0.0, most),
    ]
    for column, (what, values, colours, low, top) in enumerate(panels):
        for line, chip in enumerate(drawn):
            axes = figure.add_subplot(layout[line, column])
            here = [(core, value) for core, value in zip(cores, values, strict=True) if core.chip == chip]
            image = axes.imshow(_squares(here, rows, columns, side), cmap=colours, vmin=low, vmax=top)
            _dress(axes, rows, columns, side, f"chip {chip}" if column == 0 else "")
            if line == 0:
                axes.set_title(what, fontsize="medium")
        if column:
            form = PercentFormatter(1.0, decimals=0) if column == 1 else FuncFormatter(lambda v, _: f"{v:,.0f}")
            bar = figure.add_subplot(layout[-1, column])
            figure.colorbar(image, cax=bar, orientation="horizontal", format=form)
    handles = [Patch(color=colour(i), label=name) for i, name in enumerate(names)]
    legend = figure.add_subplot(layout[-1, 0])
    legend.axis("off")
    legend.legend(handles=handles, loc="upper center", ncols=4, frameon=False, fontsize="small", borderpad=0)
    return figure


def _squares(cores: Sequence[tuple[CoreMark, float]], rows: int, columns: int, side: int) -> Float64Array:
    """Values by place, with ``side`` x ``side`` places in a tile; nothing where no core is in use."""
    grid = np.full((rows * side, columns * side), np.nan)
    for core, value in cores:
        down, across = divmod(core.slot, side)
        grid[core.row * side + down, core.column * side + across] = value
    return grid


def _dress(axes: Axes, rows: int, columns: int, side: int, label: str) -> None:
    axes.set_facecolor(LIGHT)
    axes.set_xticks(np.arange(0, columns * side + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(0, rows * side + 1) - 0.5, minor=True)
    axes.grid(True, which="minor", color="white", linewidth=0.8)
    for edge in range(0, columns * side + 1, side):
        axes.axvline(edge - 0.5, color=BLACK, linewidth=0.8)
    for edge in range(0, rows * side + 1, side):
        axes.axhline(edge - 0.5, color=BLACK, linewidth=0.8)
    axes.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    axes.set_ylabel(label)
