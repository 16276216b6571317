"""Cuts of a model as points of energy and latency, with the Pareto set joined and the accuracy as colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from neurotool.report.style import BLACK, BLUE, GREY, LIGHT, VERMILLION, new_figure, tidy
from neurotool.units import format_si

COLOURS = "viridis_r"
"""Map of accuracies; even in lightness, and told apart by colour-blind readers."""

LEAST_SPAN = 0.02
"""Least range of accuracies that the colours span, so that single samples do not look like differences."""

CLEAR = 8
"""Pixels around the middle of a cut that names keep clear of."""


@dataclass(frozen=True)
class ParetoMark:
    """One cut.

    Attributes:
        names: What is written beside it; nothing where empty.
        energy: Joules per inference.
        latency: Seconds per inference.
        accuracy: Share of right answers, or None.
        best: Whether no other cut beats it.
    """

    names: tuple[str, ...]
    energy: float
    latency: float
    accuracy: float | None
    best: bool


def pareto_figure(marks: Sequence[ParetoMark], title: str = "") -> Figure:
    """Draw cuts over logarithmic axes of latency and energy.

    Args:
        marks: The cuts.
        title: Title, or empty.

    Raises:
        ValueError: There is no cut, or an energy or latency is not above zero.
    """
    if not marks or min(min(m.energy, m.latency) for m in marks) <= 0:
        raise ValueError("a logarithmic plot of cuts needs energies and latencies above zero")
    figure = new_figure(680)
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.set_yscale("log")
    _front(axes, marks)
    _points(figure, axes, marks)
    _axes(axes)
    if title:
        axes.set_title(title, loc="left")
    _names(figure, axes, marks)
    return figure


def _front(axes: Axes, marks: Sequence[ParetoMark]) -> None:
    """Join the cuts that no other beats in energy and latency by steps: what lies above and right of them is beaten."""
    front: list[ParetoMark] = []
    for mark in sorted(marks, key=lambda m: (m.latency, m.energy)):
        if not front or mark.energy < front[-1].energy:
            front.append(mark)
    latencies, energies = [m.latency for m in front], [m.energy for m in front]
    axes.step(latencies, energies, where="post", color=LIGHT, linewidth=2.5, zorder=1)


def _points(figure: Figure, axes: Axes, marks: Sequence[ParetoMark]) -> None:
    known = [m.accuracy for m in marks if m.accuracy is not None]
    scale = Normalize(min(known), max(max(known), min(known) + LEAST_SPAN)) if known else None
    for mark in marks:
        filled = BLUE if mark.accuracy is None or scale is None else colormaps[COLOURS](scale(mark.accuracy))
        chosen, plain = "chosen" in mark.names, not mark.best and not mark.names
        axes.plot(
            mark.latency, mark.energy, marker="D" if chosen else "o", linestyle="",
            markersize=13 if chosen else 6 if plain else 11, zorder=2 if plain else 3 + chosen,
            markerfacecolor=filled, markeredgecolor=VERMILLION if chosen else GREY if plain else BLACK,
            markeredgewidth=2.4 if chosen else 0.6 if plain else 1.2,
        )  # fmt: skip
    if known:
        percent = FuncFormatter(lambda share, _: f"{share:.2%}")
        bar = figure.colorbar(ScalarMappable(scale, COLOURS), ax=axes, format=percent, pad=0.02)
        bar.set_label("accuracy of the integers")
        bar.outline.set_visible(False)


def _names(figure: Figure, axes: Axes, marks: Sequence[ParetoMark]) -> None:
    """Write names beside the cuts that have one, and figures beside those that no other beats."""
    figure.draw_without_rendering()  # so that positions in the picture are known
    centres = axes.transData.transform([(mark.latency, mark.energy) for mark in marks])
    taken = [Bbox.from_bounds(x - CLEAR, y - CLEAR, 2 * CLEAR, 2 * CLEAR) for x, y in centres]
    for mark in (m for m in marks if m.names or m.best):
        figures = f"{format_si(mark.energy, 'J')}, {format_si(mark.latency, 's')}"
        taken.append(_write(axes, mark, "\n".join(filter(None, [", ".join(mark.names), figures])), taken))


def _write(axes: Axes, mark: ParetoMark, text: str, taken: Sequence[Bbox]) -> Bbox:
    """Write where the text covers the fewest other things and stays inside, and return the place it takes."""
    tried: list[tuple[int, Annotation, Bbox]] = []
    for right, above in product((True, False), (True, False)):
        label = axes.annotate(
            text, (mark.latency, mark.energy), xytext=(12 if right else -12, 10 if above else -10), color=BLACK,
            textcoords="offset points", ha="left" if right else "right", va="bottom" if above else "top", fontsize=10,
        )  # fmt: skip
        box = label.get_window_extent().padded(2)
        inside = axes.get_window_extent().containsx(box.x0) and axes.get_window_extent().containsx(box.x1)
        tried.append((box.count_overlaps(taken) + (not inside), label, box))
    _, kept, box = min(tried, key=lambda found: found[0])
    for _, label, _ in tried:
        if label is not kept:
            label.remove()
    return box


def _axes(axes: Axes) -> None:
    axes.margins(0.18)
    for axis, unit in ((axes.xaxis, "s"), (axes.yaxis, "J")):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
        axis.set_major_formatter(FuncFormatter(lambda value, _, unit=unit: format_si(value, unit)))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("latency of an inference, logarithmic")
    axes.set_ylabel("energy of an inference, logarithmic")
    tidy(axes)
    axes.grid(color=LIGHT, linewidth=0.8)
