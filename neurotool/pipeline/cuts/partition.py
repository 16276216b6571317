"""What would run where, what that costs, and what other cuts would: the result of ``neurotool partition``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurotool.errors import NeurotoolError, UsageError
from neurotool.ir.costs import CutCost
from neurotool.ir.partition import Partition, Reason, Side
from neurotool.passes.partition.search import everything, flipped
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.conversion.splitting import Split, labelled, split
from neurotool.pipeline.cuts.accuracy import CutJudge
from neurotool.pipeline.cuts.choice import ChosenCut, cut_costs, limits_of, objective_of
from neurotool.pipeline.cuts.pareto import CutPoint, Front, marked, pareto_set
from neurotool.pipeline.cuts.tables import cut_rows, part_rows
from neurotool.pipeline.display import Rows, Shown
from neurotool.pipeline.results import StageProgress
from neurotool.units import format_si


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Shown):
    """Why a node is where it is.

    Attributes:
        reason: Side, rule and sentence.
        together: Nodes that are on the same side in any cut.
        here: Cost of the whole cut.
        there: Cost with these nodes, and whatever must go with them, on the other side; None where that is not legal.
        moved: All nodes that would change sides.
    """

    reason: Reason
    together: tuple[str, ...]
    here: CutCost | None
    there: CutCost | None
    moved: tuple[str, ...]

    def tables(self) -> list[Rows]:
        """Side and reason; then what the model costs with these nodes here and on the other side, where known."""
        sides = ("on the chip", "in torch")
        here, there = sides if self.reason.side is Side.SPIKING else sides[::-1]
        why = self.reason.text + (f" [{self.reason.rule}]" if self.reason.rule else "")
        node = (self.reason.node, here, why, ", ".join(n for n in self.together if n != self.reason.node))
        found: list[Rows] = [(("node", "where", "why", "always with"), [node])]
        if self.here is not None:
            costs = [(here, *_cost(self.here)), (there, *_cost(self.there))]
            found.append((("with it", ">energy", ">latency", ">cores"), costs))
        return found


def _cost(cost: CutCost | None) -> tuple[str, str, str]:
    """Energy, latency and cores of an inference; None is a cut that is not legal."""
    if cost is None:
        return "not possible", "", ""
    return format_si(cost.energy, "J"), format_si(cost.latency, "s"), f"{cost.cores:,.0f}"


@dataclass(frozen=True, eq=False, repr=False)
class PartitionResult(Shown):
    """A split model: the cut, what it costs, and what was assumed on the way.

    Attributes:
        partition: The cut.
        notes: What was assumed.
        chosen: How it was chosen and what it costs; None where that is not known.
        front: The Pareto set, if it was asked for.
        uncosted: Why the cost is not known, or empty.
        figure: Drawing of the Pareto set, if it was asked for.
    """

    partition: Partition
    notes: tuple[str, ...]
    chosen: ChosenCut | None = None
    front: Front | None = None
    uncosted: str = ""
    figure: Path | None = None

    def compared(self) -> tuple[CutPoint, ...]:
        """The Pareto set if it was asked for, else the chosen cut and those with nothing and everything on the chip."""
        if self.front is not None:
            return self.front.shown
        return () if self.chosen is None else marked(self.chosen)

    def explain(self, node: str) -> Explanation:
        """Say why a node is where it is, and what the other side would cost.

        Raises:
            UsageError: There is no such node.
        """
        reasons = {reason.node: reason for reason in self.partition.reasons}
        if node not in reasons:
            raise UsageError(f"there is no node {node!r}", hint=f"the nodes are: {', '.join(reasons)}")
        if self.chosen is None:
            return Explanation(reasons[node], (node,), None, None, ())
        problem, costs, now = self.chosen.costs.candidates.problem, self.chosen.costs, self.chosen.on_chip
        unit = next(i for i, unit in enumerate(problem.units) if node in unit.nodes)
        other = flipped(problem, now, unit)
        together = problem.units[unit].nodes
        if not problem.legal(other):
            return Explanation(reasons[node], together, self.chosen.cost, None, ())
        moved = tuple(n for i, each in enumerate(problem.units) if other[i] != now[i] for n in each.nodes)
        return Explanation(reasons[node], together, self.chosen.cost, costs.truth(other), moved)

    def tables(self) -> list[Rows]:
        """Parts, and cuts where their cost is known."""
        found = [part_rows(self.partition, self.chosen)]
        return [*found, cut_rows(self.compared())] if self.chosen is not None else found


def partition(
    spec: object,
    options: ConvertOptions,
    *,
    pareto: bool = False,
    data: Path | None = None,
    figure: Path | None = None,
    progress: StageProgress | None = None,
) -> PartitionResult:
    """Cut a model into spiking and dense parts, without converting it.

    Args:
        spec: ``package.module:factory``, a ``.nir`` file or a ``torch.nn.Module``.
        options: As for :func:`neurotool.pipeline.convert`.
        pareto: Find the cuts that no other beats, too.
        data: Samples with labels to find accuracies with, or None for the calibration data if that has labels.
        figure: File to draw the Pareto set into.
        progress: Told how many cuts were judged.

    Raises:
        UsageError: The source, the data or an option is wrong.
        UnsupportedError: The model holds something without a meaning here; lists all of it.
        NegativeAnswerError: No legal cut keeps the limits.
    """
    if data is not None and not pareto and options.min_accuracy is None:
        raise UsageError("--input finds accuracies, and nothing asks for any", hint="add --pareto or --min-accuracy")
    found = split(spec, options, CutJudge, progress=progress, data=data)
    chosen, uncosted = found.chosen, ""
    if chosen is None:
        try:
            chosen = _uncut(found, options)
        except NeurotoolError as error:
            if pareto:
                raise
            uncosted = error.message
    front = None
    if pareto and chosen is not None:
        path = labelled(found.calibration, options, data)
        judge = None if path is None else CutJudge(found, options, path)
        front = pareto_set(chosen, judge, judge.judged if judge else "", options.cut_seconds, progress)
        if figure is not None:
            _draw(front, figure)
    return PartitionResult(found.partition, found.source.graph.notes, chosen, front, uncosted, figure)


def _uncut(found: Split, options: ConvertOptions) -> ChosenCut:
    """Cost of the cut with everything on the chip that can be there."""
    costs = cut_costs(found.candidates, found.source, found.calibration, options)
    on_chip = everything(found.candidates.problem)
    return ChosenCut(objective_of(options), on_chip, costs.truth(on_chip), None, costs, limits_of(options, costs))


def _draw(front: Front, path: Path) -> None:
    from neurotool.report.files import save
    from neurotool.report.pareto import ParetoMark, pareto_figure

    marks = [ParetoMark(p.names, p.cost.energy, p.cost.latency, p.accuracy, p.best) for p in front.points]
    save(pareto_figure(marks, "Cuts of the model between chip and torch"), path)
