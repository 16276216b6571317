"""Error of a factored fusion against the rank of its core, beside its share of the full parameters."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from neurotool.report.style import BLUE, ORANGE, new_figure, tidy


def rank_error(ranks: Sequence[str], errors: Sequence[float], shares: Sequence[float], title: str = "") -> Figure:
    """Draw the relative error for each rank, and the parameters as a share of those of the full weight.

    Args:
        ranks: Names of the ranks, such as ``4x4x4``, from small to large.
        errors: Frobenius norm of what the weight loses, as a share of its own.
        shares: Parameters as a share of those of the full form.
        title: Title, or empty.

    Raises:
        ValueError: The lengths differ, or there are no ranks.
    """
    if not ranks or not len(ranks) == len(errors) == len(shares):
        raise ValueError("error against rank needs an error and a share for every rank, and at least one rank")
    figure = new_figure(460)
    above, below = figure.subplots(2, 1, sharex=True)
    places = range(len(ranks))
    above.plot(places, errors, marker="o", color=BLUE)
    above.set_ylabel("relative error")
    below.plot(places, shares, marker="o", color=ORANGE)
    below.set_ylabel("parameters, of full")
    below.set_xticks(list(places), ranks)
    below.set_xlabel("core")
    for axes in (above, below):
        axes.set_ylim(bottom=0)
        tidy(axes, grid="y")
    if title:
        figure.suptitle(title)
    return figure
