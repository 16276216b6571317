"""Membrane potentials of chosen neurons over time, of one run or several on top of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurotool.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILLION,
    legend_below,
    new_figure,
    tidy,
    time_label,
)

Array = npt.NDArray[np.generic]

_INKS = ((ORANGE, 5.0, "-"), (BLUE, 2.4, "-"), (GREEN, 1.6, (0, (4, 3))), (BLACK, 1.0, "-"))
"""Colour, width and style of the lines. Each is thinner or more broken than the one before, so that those that are
equal stay visible on top of each other."""


def membrane_traces(
    runs: Mapping[str, Array],
    neurons: Sequence[str],
    threshold: float | Sequence[float] | None = None,
    dt: float | None = None,
    unit: str = "",
    title: str = "",
    begin: int = 0,
    mark: int | None = None,
    spikes: Mapping[str, Array] | None = None,
) -> Figure:
    """Draw membrane potentials, one plot per neuron and one line per run.

    Args:
        runs: Potentials ``[time, neurons]`` by name of the run, such as ``float`` and ``integer``, in one unit and
            aligned in time; four runs at most.
        neurons: Labels of the neurons.
        threshold: Firing threshold of all neurons or of each, in the same unit; None for read-outs that never fire.
        dt: Length of a time step in seconds, for the label.
        unit: Unit of the potentials, for the label.
        title: Title, or empty.
        begin: Time step of the first value.
        mark: Time step to point at, or None.
        spikes: Spikes of the same shape by name of the run, drawn as a row of marks above the plots; potentials after
            the reset do not show them.

    Raises:
        ValueError: There are no runs or more than four, or their shapes do not match each other and the neurons.
    """
    shapes = {np.shape(values) for values in runs.values()}
    if len(shapes) != 1 or len(runs) > len(_INKS) or any(len(s) != 2 or s[1] != len(neurons) for s in shapes):
        raise ValueError("membrane traces need one to four runs of one shape [time, neurons]")
    figure = new_figure(170 + 190 * len(neurons))
    if title:
        figure.suptitle(title)
    rows = figure.subplots(len(neurons), 1, sharex=True, squeeze=False)[:, 0]
    levels = [None] * len(neurons) if threshold is None else np.broadcast_to(threshold, len(neurons)).tolist()
    for index, (axes, name, level) in enumerate(zip(rows, neurons, levels, strict=True)):
        _draw(axes, {run: values[:, index] for run, values in runs.items()}, level, begin)
        if spikes:
            _draw_spikes(axes, [spikes[run][:, index] for run in runs], begin)
        if mark is not None:
            axes.axvline(mark, color=GREY, linestyle=":", linewidth=1.6, label="first difference", zorder=0)
        axes.set_title(name, loc="left", fontsize="medium")
    figure.supylabel(f"membrane potential{f' ({unit})' if unit else ''}", fontsize="medium")
    rows[-1].set_xlabel(time_label(dt))
    rows[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(figure, rows[0])
    return figure


def _draw(axes: Axes, runs: Mapping[str, Array], threshold: float | None, begin: int) -> None:
    for (name, values), (ink, width, style) in zip(runs.items(), _INKS, strict=False):
        times = begin + np.arange(len(values))
        axes.plot(times, values, color=ink, linewidth=width, linestyle=style, label=name, solid_joinstyle="round")
    if threshold is not None:
        axes.axhline(threshold, color=VERMILLION, linestyle="--", linewidth=1.2, label="threshold")
    axes.margins(x=0.01, y=0.1)
    tidy(axes, grid="y")


def _draw_spikes(axes: Axes, runs: Sequence[Array], begin: int) -> None:
    """Draw a row of marks per run, above the plot in its own colour."""
    across = axes.get_xaxis_transform()
    axes.margins(y=0.1 + 0.08 * len(runs))
    for row, (fired, (ink, _, _)) in enumerate(zip(runs, _INKS, strict=False)):
        steps = begin + np.flatnonzero(fired)
        height = np.full(len(steps), 0.97 - 0.07 * row)
        axes.plot(steps, height, "|", color=ink, markersize=7, markeredgewidth=2.2, transform=across, clip_on=False)
