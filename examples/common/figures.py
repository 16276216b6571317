"""Figures that the examples share: curves of a training, and rows of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from neurotool.report import files, style

from .intervals import interval
from .loop import History


def draw_curves(history: History, panels: Mapping[str, Sequence[str]], path: Path) -> None:
    """Losses and scores over the epochs.

    Args:
        history: One entry per epoch.
        panels: Title of each panel, and the names of what it shows; names that the history has not are left out.
        path: File to write.
    """
    figure = style.new_figure(440)
    for axes, (title, names) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for number, name in enumerate(name for name in names if name in history[0]):
            values = [entry[name] for entry in history]
            axes.plot(range(1, len(values) + 1), values, label=name, color=style.colour(number))
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.set_ylim(bottom=0)
        axes.xaxis.get_major_locator().set_params(integer=True)
        style.tidy(axes, "y")
        axes.legend(frameon=False)
    files.save(figure, path)


def draw_rows(
    rows: Mapping[str, Sequence[float]], path: Path, label: str, line: tuple[float, str] | None = None
) -> None:
    """A score of each row of a study: a point per run, the mean and its 95 % interval; the first row is marked.

    Args:
        rows: Scores 0..1 of the runs of each row, from top to bottom.
        path: File to write.
        label: Of the axis.
        line: A score to compare with, and what it is; dotted.
    """
    figure = style.new_figure(140 + 44 * len(rows))
    axes = figure.subplots()
    for number, values in enumerate(rows.values()):
        found = interval(values)
        axes.plot([100 * v for v in values], [number] * len(values), "o", color=style.GREY, markersize=4)
        width = [[100 * (found.mean - found.low)], [100 * (found.high - found.mean)]]
        colour = style.colour(0 if number == 0 else 1)
        axes.errorbar(100 * found.mean, number, xerr=width, fmt="D", color=colour, capsize=4)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.axvline(100 * interval(next(iter(rows.values()))).mean, color=style.colour(0), linewidth=0.8)
    if line is not None:
        axes.axvline(100 * line[0], color=style.VERMILLION, linestyle=":", linewidth=1.2)
        axes.text(100 * line[0], -0.6, line[1], color=style.VERMILLION, ha="center", va="bottom", fontsize=8)
    axes.set_xlabel(label)
    style.tidy(axes, "x")
    files.save(figure, path)
