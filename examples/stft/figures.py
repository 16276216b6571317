"""The figure of one sample: what is heard and seen, and the spikes it causes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from neurotool.report import files, style

Array = npt.NDArray[Any]


def draw_sample(audio: Array, video: Array, rasters: Mapping[str, Array], title: str, path: Path) -> None:
    """One sample: what is heard and seen in each step, and the spikes of both branches.

    Args:
        audio: ``[time, band]``.
        video: ``[time, 64]``, 8 by 8 pixels.
        rasters: Spikes ``[time, neuron]`` by name of the branch.
        title: Title of the figure.
        path: File to write.
    """
    figure = style.new_figure(700)
    figure.suptitle(title)
    grid = figure.add_gridspec(4, 1, height_ratios=(1, 1, 1.2, 2.2))
    _frames(figure.add_subplot(grid[0]), video, "seen in each step")
    _frames(figure.add_subplot(grid[1]), _settled(video), "the same, averaged over the steps that rest on one digit")
    steps = len(video)
    heard = figure.add_subplot(grid[2])
    heard.imshow(audio.T, origin="lower", aspect="auto", cmap="viridis", interpolation="nearest")
    heard.set_xticks(range(steps))
    heard.set_ylabel("mel band")
    heard.set_title("heard in each step", loc="left", fontsize=10)
    inner = grid[3].subgridspec(1, max(len(rasters), 1))
    for number, (name, raster) in enumerate(rasters.items()):
        axes = figure.add_subplot(inner[number])
        colours = ListedColormap(["white", style.colour(number)])
        axes.imshow(raster.T, origin="lower", aspect="auto", cmap=colours, interpolation="nearest")
        axes.set_xticks(range(steps))
        axes.set_xlabel("time step")
        axes.set_ylabel("neuron")
        axes.set_title(f"{name}: spikes of the last block", loc="left", fontsize=10)
    files.save(figure, path)


def _frames(axes: Axes, video: Array, title: str) -> None:
    axes.imshow(np.hstack([frame.reshape(8, 8) for frame in video]), cmap="Greys", aspect="equal")
    axes.set_xticks(np.arange(len(video)) * 8 + 3.5, [str(step) for step in range(len(video))])
    axes.set_yticks([])
    axes.set_title(title, loc="left", fontsize=10)


def _settled(video: Array) -> Array:
    """Mean over the first and over the second half, without the steps in the middle where the gaze may jump."""
    half = len(video) // 2
    first, second = video[: half - 1].mean(0), video[half + 1 :].mean(0)
    return np.stack([first] * half + [second] * (len(video) - half))
