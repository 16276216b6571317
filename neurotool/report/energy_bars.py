"""Energy as bars with bands: per layer and term, and device against device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from neurotool.report.style import BLACK, BLUE, colour, legend_below, new_figure, si_scale, tidy
from neurotool.units import format_si


def energy_per_layer(
    layers: Sequence[str],
    terms: Mapping[str, Sequence[float]],
    low: Sequence[float],
    high: Sequence[float],
    title: str = "",
) -> Figure:
    """Draw the energy of each layer as a stack of terms, with a whisker over the band of the total.

    Args:
        layers: Names of the layers, first at the top.
        terms: Joules per inference by term (synapses, neuron updates, ...), one value per layer.
        low: Lower end of each layer's total in joules.
        high: Upper end of each layer's total in joules.
        title: Title, or empty.

    Raises:
        ValueError: The lengths differ, or there are no layers or no terms.
    """
    _check_lengths(layers, *terms.values(), low, high)
    if not terms:
        raise ValueError("energy bars need at least one term")
    scale, prefix = si_scale([*high, *(sum(column) for column in zip(*terms.values(), strict=True))])
    figure, axes = _rows(layers, title)
    places, total = np.arange(len(layers)), np.zeros(len(layers))
    for index, (term, joules) in enumerate(terms.items()):
        share = np.asarray(joules) / scale
        axes.barh(places, share, left=total, height=0.6, color=colour(index), label=term)
        total = total + share
    _whiskers(axes, total, np.asarray(low) / scale, np.asarray(high) / scale)
    for place, nominal, end in zip(places, total * scale, high, strict=True):
        _label(axes, max(end, nominal) / scale, float(place), format_si(float(nominal), "J"))
    axes.set_xlim(0, 1.15 * max(float(np.max(high)) / scale, float(total.max()), 1e-9))
    axes.set_xlabel(f"energy per inference ({prefix}J); whisker: low to high")
    legend_below(figure, axes)
    return figure


def energy_of_devices(
    devices: Sequence[str],
    nominal: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    title: str = "",
) -> Figure:
    """Draw the energy of one inference on several devices on a logarithmic axis.

    A logarithmic axis has no zero for a bar to stand on, so each device is a point with a whisker.

    Args:
        devices: Names of the devices, first at the top.
        nominal: Joules per inference.
        low: Lower ends in joules. Where one is zero, its whisker runs out of the picture.
        high: Upper ends in joules.
        title: Title, or empty.

    Raises:
        ValueError: The lengths differ, there are no devices, or a nominal value is not above zero.
    """
    _check_lengths(devices, nominal, low, high)
    if min(nominal) <= 0:
        raise ValueError("a logarithmic axis needs energies above zero")
    figure, axes = _rows(devices, title)
    axes.set_xscale("log")
    smallest = min(value for value in (*nominal, *low) if value > 0)
    lower, upper = 10 ** (np.floor(np.log10(smallest)) - 0.3), 6 * max(*high, *nominal)
    centre, bottom = np.asarray(nominal, dtype=float), np.maximum(low, lower / 10)
    axes.plot(centre, np.arange(len(centre)), "o", color=BLUE, markersize=11, zorder=3)
    _whiskers(axes, centre, bottom, np.asarray(high, dtype=float))
    for place, (value, end) in enumerate(zip(centre, high, strict=True)):
        _label(axes, max(value, end), place, format_si(float(value), "J"))
    axes.set_xlim(lower, upper)
    axes.xaxis.set_major_locator(LogLocator(numticks=10))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda joules, _: format_si(joules, "J")))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("energy per inference, logarithmic; whisker: low to high")
    return figure


def _check_lengths(names: Sequence[str], *columns: Sequence[float]) -> None:
    if not names or any(len(column) != len(names) for column in columns):
        raise ValueError("energy bars need one value per name in every column, and at least one name")


def _rows(names: Sequence[str], title: str) -> tuple[Figure, Axes]:
    figure = new_figure(230 + 62 * len(names))
    axes = figure.add_subplot()
    if title:
        figure.suptitle(title)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    tidy(axes, grid="x")
    return figure, axes


def _whiskers(axes: Axes, centre: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Draw bands; a nominal value outside its band gets a whisker on one side only."""
    reach = np.stack([np.maximum(centre - low, 0), np.maximum(high - centre, 0)])
    axes.errorbar(centre, np.arange(len(centre)), xerr=reach, fmt="none", ecolor=BLACK, elinewidth=1.6, capsize=5)


def _label(axes: Axes, end: float, place: float, text: str) -> None:
    axes.annotate(text, (end, place), xytext=(9, 0), textcoords="offset points", va="center", color=BLACK)
