"""A tornado: how far a total moves with one constant after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurotool.report.style import BLACK, BLUE, ORANGE, legend_below, new_figure, si_scale, tidy
from neurotool.units import format_si


def tornado(
    names: Sequence[str], at_low: Sequence[float], at_high: Sequence[float], nominal: float, title: str = ""
) -> Figure:
    """Draw the total with each constant at its low and at its high value, all others nominal.

    Args:
        names: The constants, the widest first.
        at_low: Total in joules with the low value of each.
        at_high: Total in joules with the high value.
        nominal: Total in joules with all constants nominal, where the bars meet.
        title: Title, or empty.

    Raises:
        ValueError: The lengths differ, or there are no constants.
    """
    if not names or not len(names) == len(at_low) == len(at_high):
        raise ValueError("a tornado needs a low and a high total for every constant, and at least one constant")
    low, high = np.asarray(at_low, dtype=float), np.asarray(at_high, dtype=float)
    scale, prefix = si_scale([nominal, *at_low, *at_high])
    figure = new_figure(230 + 56 * len(names))
    axes = figure.add_subplot()
    if title:
        figure.suptitle(title)
    places = np.arange(len(names))
    for ends, colour, label in ((low, BLUE, "constant at its low value"), (high, ORANGE, "at its high value")):
        axes.barh(places, (ends - nominal) / scale, left=nominal / scale, height=0.62, color=colour, label=label)
    axes.axvline(nominal / scale, color=BLACK, linewidth=1.2)
    left, right = np.minimum(low, high), np.maximum(low, high)
    for place, (start, end) in enumerate(zip(left, right, strict=True)):
        _label(axes, min(start, nominal) / scale, place, format_si(float(start), "J"), "right", start < nominal)
        _label(axes, max(end, nominal) / scale, place, format_si(float(end), "J"), "left", end > nominal)
    reach = max(float(right.max()) - nominal, nominal - float(left.min())) / scale
    axes.set_xlim(
        min(float(left.min()), nominal) / scale - 0.25 * reach, max(float(right.max()), nominal) / scale + 0.25 * reach
    )
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"total energy per inference ({prefix}J); line: all constants nominal, {format_si(nominal, 'J')}")
    tidy(axes, grid="x")
    legend_below(figure, axes)
    return figure


def _label(axes: Axes, end: float, place: float, text: str, side: str, wanted: bool) -> None:
    if wanted:
        offset = 7 if side == "left" else -7
        axes.annotate(
            text, (end, place), xytext=(offset, 0), textcoords="offset points", va="center", ha=side, color=BLACK
        )
