"""How all figures look: size, type, and a palette that colour-blind readers can tell apart."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurotool.units import format_si

WIDTH = 1200
"""Width of every figure in pixels."""

DPI = 120

BLACK, GREY, LIGHT = "#222222", "#9a9a9a", "#e4e4e4"
BLUE, VERMILLION, GREEN, ORANGE = "#0072b2", "#d55e00", "#009e73", "#e69f00"
SKY, PURPLE, YELLOW = "#56b4e9", "#cc79a7", "#f0e442"

PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, GREY)
"""Colours of categories in the order of use: Okabe and Ito, "Color Universal Design" (2008)."""


def colour(index: int) -> str:
    """Colour of the category with this number; they repeat after eight."""
    return PALETTE[index % len(PALETTE)]


def new_figure(height: int) -> Figure:
    """Make an empty figure of the common width.

    Figures are made without ``pyplot``: no window system is needed and no global state is touched.

    Args:
        height: Height in pixels.
    """
    return Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, layout="constrained")


def tidy(axes: Axes, grid: str = "") -> None:
    """Remove what carries no data, and put a light grid behind it.

    Args:
        axes: What to tidy.
        grid: ``x`` or ``y`` for grid lines at the ticks of that axis; none where empty.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    if grid == "x":
        axes.xaxis.grid(True, color=LIGHT, linewidth=0.8)
    elif grid == "y":
        axes.yaxis.grid(True, color=LIGHT, linewidth=0.8)


def legend_below(figure: Figure, axes: Axes) -> None:
    """Put the legend of an axes below all plots, where it covers neither data nor title."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        columns = min(len(handles), 5)
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)


def time_label(dt: float | None) -> str:
    """Label of a time axis in steps, with the length of a step where it is known."""
    return "time step" if dt is None else f"time step (one step is {format_si(dt, 's')})"


def si_scale(values: Sequence[float]) -> tuple[float, str]:
    """Choose the prefix of a unit for a common axis.

    Args:
        values: Non-negative numbers in the base unit.

    Returns:
        The factor by which to divide, and the prefix: for a largest value of 3e-7 it is ``(1e-9, "n")``.
    """
    top = max(values, default=0.0)
    for scale, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p")):
        if top >= scale:
            return scale, prefix
    return 1e-12, "p"
