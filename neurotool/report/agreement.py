"""Agreement of runs, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from neurotool.report.style import BLACK, colour, legend_below, new_figure, tidy


def agreement_bars(layers: Sequence[str], pairs: Mapping[str, Sequence[float]], title: str = "") -> Figure:
    """Draw how similar the spikes of two runs are, one group of bars per layer.

    Nearly all slots of a sparse raster are silent in both runs, so that the share of equal slots hides differences.
    The cosine of the rasters counts spikes alone.

    Args:
        layers: Names of the layers, first at the top.
        pairs: Cosine similarity for each layer, by name of the pair (``float → loihi``); 1 where no spike differs. NaN
            where a layer was not compared.
        title: Title, or empty.

    Raises:
        ValueError: There are no layers or pairs, the lengths differ, or a similarity is outside 0 to 1.
    """
    values = {name: np.asarray(shares, dtype=float) for name, shares in pairs.items()}
    if not layers or not values or any(len(shares) != len(layers) for shares in values.values()):
        raise ValueError("agreement bars need layers, and one similarity per layer in every pair")
    if any(np.any((shares < 0) | (shares > 1)) for shares in values.values()):
        raise ValueError("similarities lie between 0 and 1")
    figure = new_figure(220 + (16 + 30 * len(values)) * len(layers))
    axes = figure.add_subplot()
    if title:
        figure.suptitle(title)
    height = 0.8 / len(values)
    for index, (name, shares) in enumerate(values.items()):
        places = np.arange(len(layers)) + (index - (len(values) - 1) / 2) * height
        axes.barh(places, shares, height=0.88 * height, color=colour(index), label=name)
        for place, share in zip(places, shares, strict=True):
            text, end = (similarity(share), share) if np.isfinite(share) else ("not compared", 0.0)
            axes.annotate(text, (end, place), xytext=(5, 0), textcoords="offset points", va="center", color=BLACK)
    axes.set_xlim(0, 1.12)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_xlabel("cosine similarity of the spikes")
    axes.set_yticks(range(len(layers)), layers)
    axes.set_ylim(len(layers) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    tidy(axes, grid="x")
    legend_below(figure, axes)
    return figure


def similarity(cosine: float) -> str:
    """Write a similarity; only full agreement reads ``1``."""
    return "1" if cosine == 1 else f"{min(cosine, 0.9999):.4f}"
