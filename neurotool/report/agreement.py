"""Agreement of runs, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from neurotool.report.style import BLACK, colour, legend_below, new_figure, tidy


def agreement_bars(layers: Sequence[str], pairs: Mapping[str, Sequence[float]], title: str = "") -> Figure:
    """Draw the share of (step, neuron) slots in which two runs agree, one group of bars per layer.

    Args:
        layers: Names of the layers, first at the top.
        pairs: Share between 0 and 1 for each layer, by name of the pair (``float → loihi``). NaN where a layer was not
            compared.
        title: Title, or empty.

    Raises:
        ValueError: There are no layers or pairs, the lengths differ, or a share is outside 0 to 1.
    """
    values = {name: np.asarray(shares, dtype=float) for name, shares in pairs.items()}
    if not layers or not values or any(len(shares) != len(layers) for shares in values.values()):
        raise ValueError("agreement bars need layers, and one share per layer in every pair")
    if any(np.any((shares < 0) | (shares > 1)) for shares in values.values()):
        raise ValueError("shares of agreement lie between 0 and 1")
    figure = new_figure(220 + (16 + 30 * len(values)) * len(layers))
    axes = figure.add_subplot()
    if title:
        figure.suptitle(title)
    height = 0.8 / len(values)
    for index, (name, shares) in enumerate(values.items()):
        places = np.arange(len(layers)) + (index - (len(values) - 1) / 2) * height
        axes.barh(places, 100 * shares, height=0.88 * height, color=colour(index), label=name)
        for place, share in zip(places, shares, strict=True):
            text, end = (percent(share), 100 * share) if np.isfinite(share) else ("not compared", 0.0)
            axes.annotate(text, (end, place), xytext=(5, 0), textcoords="offset points", va="center", color=BLACK)
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("equal (step, neuron) slots (%)")
    axes.set_yticks(range(len(layers)), layers)
    axes.set_ylim(len(layers) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    tidy(axes, grid="x")
    legend_below(figure, axes)
    return figure


def percent(share: float) -> str:
    """Write a share as a percentage; only full agreement reads ``100 %``."""
    return "100 %" if share == 1 else f"{min(100 * share, 99.99):.2f} %"
