"""Cuts beside each other: the marked ones, and the Pareto set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from neurotool.arrays import BoolArray
from neurotool.ir.costs import CutCost
from neurotool.ir.partition import Side
from neurotool.passes.partition import Limits
from neurotool.passes.partition.pareto import all_cuts, energy_latency_front, undominated
from neurotool.pipeline.cuts.bounds import bounds
from neurotool.pipeline.cuts.choice import ChosenCut, Judge
from neurotool.pipeline.results import StageProgress

MOST_CUTS = 64
"""Largest number of legal cuts that are all looked at for a Pareto set."""

CHOSEN = "chosen"
"""Mark of the chosen cut, beside those of :attr:`neurotool.pipeline.cuts.choice.ChosenCut.extremes`."""


@dataclass(frozen=True, eq=False)
class CutPoint:
    """One cut among others.

    Attributes:
        names: What marks it.
        on_chip: Side of every unit.
        populations: Populations on the chip.
        parts: Number of parts on the chip and in torch.
        cost: What it costs.
        accuracy: Share of right answers with its integers, or None where it is not known.
        best: Whether no other cut that was looked at beats it.
    """

    names: tuple[str, ...]
    on_chip: BoolArray
    populations: tuple[str, ...]
    parts: tuple[int, int]
    cost: CutCost
    accuracy: float | None = None
    best: bool = True


@dataclass(frozen=True, eq=False)
class Front:
    """Cuts by rising energy.

    Attributes:
        points: All cuts that were looked at.
        complete: Whether the search for those that no other beats in energy and latency came to its end.
        exhaustive: Whether all legal cuts were looked at, so that the set is whole in accuracy, too.
        data: What accuracies were found with, or empty.
    """

    points: tuple[CutPoint, ...]
    complete: bool
    exhaustive: bool
    data: str = ""

    @property
    def shown(self) -> tuple[CutPoint, ...]:
        """The Pareto set and the marked cuts."""
        return tuple(point for point in self.points if point.best or point.names)


def marked(chosen: ChosenCut) -> tuple[CutPoint, ...]:
    """The chosen cut and the two extremes; those that are one and the same once, with all their names."""
    cuts = [(name, cut) for name, cut in chosen.extremes.items()]
    return tuple(_points([*cuts, (CHOSEN, (chosen.on_chip, chosen.cost))], chosen))


def pareto_set(
    chosen: ChosenCut, judge: Judge | None, data: str, seconds: float, progress: StageProgress | None = None
) -> Front:
    """Find the cuts that no other beats in energy, latency and accuracy.

    All legal cuts are looked at where they are few. Otherwise those that no other beats in energy and latency are
    found, and accuracy is known for these and the marked cuts alone.

    Args:
        chosen: The chosen cut.
        judge: Finds the accuracy of a cut, or None.
        data: What it finds that with.
        seconds: Time to search.
        progress: Told how many cuts were judged.
    """
    problem, costs = chosen.costs.candidates.problem, chosen.costs
    listed = all_cuts(problem, MOST_CUTS)
    complete, cuts = True, listed or ()
    if listed is None:
        limits = Limits(cores=chosen.limits.cores)
        front = energy_latency_front(problem, bounds(costs), costs.truth, limits, seconds=seconds, most=MOST_CUTS)
        complete, cuts = front.complete, tuple(on_chip for on_chip, _ in front.cuts)
    found = [(name, cut) for name, cut in chosen.extremes.items()]
    found += [(CHOSEN, (chosen.on_chip, chosen.cost)), *(("", (on_chip, costs.truth(on_chip))) for on_chip in cuts)]
    points = list(_judged(list(_points(found, chosen)), chosen, judge, progress))
    figures = [(p.cost.energy, p.cost.latency, -(p.accuracy or 0.0)) for p in points]
    best = set(undominated(figures))
    ordered = sorted((replace(p, best=i in best) for i, p in enumerate(points)), key=lambda p: p.cost.energy)
    return Front(tuple(ordered), complete, listed is not None, data if judge else "")


def _points(cuts: Iterable[tuple[str, tuple[BoolArray, CutCost]]], chosen: ChosenCut) -> Iterator[CutPoint]:
    """One point for each different grouping of the nodes."""
    candidates, layers = chosen.costs.candidates, chosen.costs.layers
    names: dict[tuple[str, ...], list[str]] = {}
    first: dict[tuple[str, ...], tuple[BoolArray, CutCost, tuple[int, int]]] = {}
    for name, (on_chip, cost) in cuts:
        parts = candidates.parts(on_chip)
        held = tuple(node for part in parts if part.side is Side.SPIKING for node in part.nodes)
        names.setdefault(held, []).extend([name] if name else [])
        sides = [part.side for part in parts]
        first.setdefault(held, (on_chip, cost, (sides.count(Side.SPIKING), sides.count(Side.DENSE))))
    for held, (on_chip, cost, counts) in first.items():
        yield CutPoint(tuple(names[held]), on_chip, tuple(n for n in held if n in layers), counts, cost)


def _judged(
    points: Sequence[CutPoint], chosen: ChosenCut, judge: Judge | None, progress: StageProgress | None
) -> Iterator[CutPoint]:
    for done, point in enumerate(points):
        if progress is not None and judge is not None:
            progress("accuracy of cuts", done, len(points))
        cut = chosen.costs.candidates.partition(point.on_chip)
        yield point if judge is None else replace(point, accuracy=judge(cut))
