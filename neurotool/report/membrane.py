"""Membrane potentials of chosen neurons over time, of one run or several on top of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurotool.report.style import BLACK, BLUE, GREEN, ORANGE, VERMILLION, legend_below, new_figure, tidy, time_label

Array = npt.NDArray[np.generic]

_INKS = ((ORANGE, 4.0), (BLUE, 1.4), (GREEN, 1.4), (BLACK, 1.0))
"""Colour and line width of the runs. The first is broad and pale, so that others stay visible on top of it."""


def membrane_traces(
    runs: Mapping[str, Array],
    neurons: Sequence[str],
    threshold: float | Sequence[float] | None = None,
    dt: float | None = None,
    unit: str = "",
    title: str = "",
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
        _draw(axes, {run: values[:, index] for run, values in runs.items()}, level)
        axes.set_title(name, loc="left", fontsize="medium")
    figure.supylabel(f"membrane potential{f' ({unit})' if unit else ''}", fontsize="medium")
    rows[-1].set_xlabel(time_label(dt))
    rows[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(figure, rows[0])
    return figure


def _draw(axes: Axes, runs: Mapping[str, Array], threshold: float | None) -> None:
    for (name, values), (ink, width) in zip(runs.items(), _INKS, strict=False):
        axes.plot(np.arange(len(values)), values, color=ink, linewidth=width, label=name, solid_joinstyle="round")
    if threshold is not None:
        axes.axhline(threshold, color=VERMILLION, linestyle="--", linewidth=1.2, label="threshold")
    axes.margins(x=0.01, y=0.1)
    tidy(axes, grid="y")
