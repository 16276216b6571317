"""Spike rasters of one sample: which neuron fires when, and where two runs differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurotool.arrays import BoolArray, Float64Array
from neurotool.report.style import BLACK, BLUE, GREY, VERMILLION, colour, legend_below, new_figure, tidy, time_label

Raster = npt.NDArray[np.generic]

_WIDEST_TICKS = 80.0  # ticks of a short recording are wider: it has room, and a single neuron is only some pixels high
_SMALLEST_BAND = 3.0  # a band is as high as the root of its neurons, so that small layers stay readable


def spike_raster(populations: Mapping[str, Raster], dt: float | None = None, title: str = "") -> Figure:
    """Draw the spikes of one sample, one band per population, with the rate of every neuron at the side.

    Args:
        populations: Spikes ``[time, *shape]`` by name, first population at the top; neurons are drawn in row-major
            order. Graded spikes are drawn as spikes.
        dt: Length of a time step in seconds, for the label.
        title: Title, or empty.

    Raises:
        ValueError: There is no population, or their numbers of steps differ.
    """
    flat = _flat(populations)
    figure, rasters, sides = _bands(flat, dt, title, "spikes per step")
    for index, (name, fired) in enumerate(flat.items()):
        _draw_spikes(rasters[name], fired, colour(index))
    rates = {name: fired.mean(axis=0) for name, fired in flat.items()}
    _draw_sides(sides, rates, [colour(index) for index in range(len(flat))])
    return figure


def spike_difference(
    a: Mapping[str, Raster],
    b: Mapping[str, Raster],
    names: tuple[str, str] = ("A", "B"),
    dt: float | None = None,
    title: str = "",
) -> Figure:
    """Draw where the spikes of two runs of one sample differ, with the differences of every neuron at the side.

    Args:
        a: Spikes ``[time, *shape]`` of one run by population.
        b: Spikes of the other run, of the same populations and shapes, aligned in time.
        names: Names of the runs.
        dt: Length of a time step in seconds, for the label.
        title: Title, or empty.

    Raises:
        ValueError: The runs do not hold the same populations in the same shapes.
    """
    left, right = _flat(a), _flat(b)
    if {n: x.shape for n, x in left.items()} != {n: x.shape for n, x in right.items()}:
        raise ValueError("the two runs must hold the same populations in the same shapes")
    figure, rasters, sides = _bands(left, dt, title, "differing steps")
    both, first, second = (
        sum(int(part.sum()) for part in parts)
        for parts in zip(*((x & right[n], x & ~right[n], ~x & right[n]) for n, x in left.items()), strict=True)
    )
    labels = f"in both: {both}", f"only in {names[0]}: {first}", f"only in {names[1]}: {second}"
    for name, x in left.items():
        y = right[name]
        _draw_spikes(rasters[name], x & y, GREY, labels[0])
        _draw_points(rasters[name], x & ~y, VERMILLION, "o", labels[1])
        _draw_points(rasters[name], ~x & y, BLUE, "D", labels[2])
    differing = {name: (x ^ right[name]).sum(axis=0).astype(float) for name, x in left.items()}
    _draw_sides(sides, differing, [BLACK] * len(left))
    next(iter(sides.values())).xaxis.set_major_locator(MaxNLocator(3, integer=True))
    legend_below(figure, next(iter(rasters.values())))
    return figure


def _flat(populations: Mapping[str, Raster]) -> dict[str, BoolArray]:
    flat = {name: np.asarray(x).reshape(len(x), -1) != 0 for name, x in populations.items()}
    if len({len(x) for x in flat.values()}) != 1:
        raise ValueError("a raster needs populations, all with the same number of time steps")
    return flat


def _bands(
    flat: Mapping[str, BoolArray], dt: float | None, title: str, side_label: str
) -> tuple[Figure, dict[str, Axes], dict[str, Axes]]:
    """Lay out a raster and a narrow side plot for every population."""
    weights = [max(x.shape[1] ** 0.5, _SMALLEST_BAND) for x in flat.values()]
    figure = new_figure(int(np.clip(190 + 34 * sum(weights), 360, 1100)))
    if title:
        figure.suptitle(title)
    grid = figure.add_gridspec(len(flat), 2, width_ratios=[5, 1], height_ratios=weights)
    steps = len(next(iter(flat.values())))
    rasters: dict[str, Axes] = {}
    sides: dict[str, Axes] = {}
    for row, (name, x) in enumerate(flat.items()):
        raster = figure.add_subplot(grid[row, 0], sharex=next(iter(rasters.values()), None))
        side = figure.add_subplot(grid[row, 1], sharex=next(iter(sides.values()), None), sharey=raster)
        rasters[name], sides[name] = raster, side
        last = row == len(flat) - 1
        _dress(raster, side, f"{name}\n({x.shape[1]} neurons)", last)
        raster.set_xlim(-0.5, steps - 0.5)
        raster.set_ylim(x.shape[1] - 0.5, -0.5)
    raster.set_xlabel(time_label(dt))
    side.set_xlabel(side_label)
    return figure, rasters, sides


def _dress(raster: Axes, side: Axes, label: str, last: bool) -> None:
    raster.set_ylabel(label, rotation=0, ha="right", va="center")
    raster.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    raster.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (raster, side):
        tidy(axes)
        axes.tick_params(labelbottom=last)
    side.tick_params(labelleft=False, left=False)


def _draw_sides(sides: Mapping[str, Axes], values: Mapping[str, Float64Array], inks: Sequence[str]) -> None:
    """Draw one bar per neuron, on one scale for all bands."""
    longest = max(float(v.max()) for v in values.values())
    for (name, axes), ink in zip(sides.items(), inks, strict=True):
        axes.barh(np.arange(len(values[name])), values[name], height=1.0, color=ink)
        axes.set_xlim(0, 1.05 * longest or 1.0)


def _draw_points(axes: Axes, spikes: BoolArray, ink: str, marker: str, label: str) -> None:
    """Draw a mark of fixed size for every spike, so that few among many are seen."""
    steps, neurons = np.nonzero(spikes)
    # Marks at the edge are drawn whole; unclipped marks without a point would have no size and upset the layout.
    clipped = steps.size == 0
    axes.plot(steps, neurons, marker, color=ink, markersize=5, linestyle="none", label=label, clip_on=clipped)


def _draw_spikes(axes: Axes, fired: BoolArray, ink: str, label: str = "") -> None:
    """Draw a tick of the height of one neuron for every spike."""
    steps, neurons = np.nonzero(fired)
    width = float(np.clip(_WIDEST_TICKS / len(fired), 1.0, 4.0))
    axes.vlines(steps, neurons - 0.45, neurons + 0.45, colors=ink, linewidths=width, label=label)
