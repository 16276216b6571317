"""Parts and cuts as rows of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from neurotool.ir.costs import total_counts
from neurotool.ir.graph import NEURON_TYPES
from neurotool.ir.partition import Part, Partition, Side
from neurotool.pipeline.cuts.choice import ChosenCut
from neurotool.pipeline.cuts.pareto import CutPoint
from neurotool.pipeline.display import Rows
from neurotool.units import format_si

PART_HEADINGS = ("part", "where", ">nodes", "work", "why")
CUT_HEADINGS = ("cut", "populations on the chip", ">parts", ">energy", ">latency", ">energy x latency", ">cores")


def part_rows(cut: Partition, chosen: ChosenCut | None) -> Rows:
    """One row for each part: where it runs, how much it does, and why it is there."""
    rows = [
        (part.name, _where(part, chosen), str(len(part.nodes)), _work(part, cut, chosen), _why(part, cut))
        for part in cut.parts
    ]
    return PART_HEADINGS, rows


def _where(part: Part, chosen: ChosenCut | None) -> str:
    if chosen is None:
        return "chip" if part.side is Side.SPIKING else "torch"
    return chosen.costs.chip.name if part.side is Side.SPIKING else chosen.costs.device.name


def _work(part: Part, cut: Partition, chosen: ChosenCut | None) -> str:
    if chosen is None:
        populations = sum(isinstance(cut.graph.nodes[name].op, NEURON_TYPES) for name in part.nodes)
        return f"{populations} population(s)" if populations else ""
    if part.side is Side.SPIKING:
        layers = [chosen.costs.layers[name] for name in part.nodes if name in chosen.costs.layers]
        return f"{sum(x.neurons for x in layers):,} neurons, {sum(x.synapses for x in layers):,.0f} synapses"
    counts = total_counts(chosen.costs.counts[name] for name in part.nodes)
    return f"{counts.flops:,.0f} FLOP, {counts.kernels:,} kernels"


def _why(part: Part, cut: Partition) -> str:
    """Reasons of the nodes, the most frequent first, with the number of nodes each holds for."""
    inside = set(part.nodes)
    found = Counter((r.rule, r.text) for r in cut.reasons if r.node in inside)
    return "; ".join(
        text + (f" [{rule}]" if rule else "") + (f" ({times}x)" if times > 1 else "")
        for (rule, text), times in found.most_common()
    )


def cut_rows(points: Sequence[CutPoint]) -> Rows:
    """One row for each cut, with its accuracy where any is known."""
    accuracies = any(point.accuracy is not None for point in points)
    headings = (*CUT_HEADINGS, *((">accuracy",) if accuracies else ()))
    return headings, [_cut_row(point, accuracies) for point in points]


def _cut_row(point: CutPoint, accuracies: bool) -> tuple[str, ...]:
    name = ", ".join(point.names) + ("" if point.best else " (beaten)")
    spiking, dense = point.parts
    accuracy = ("" if point.accuracy is None else f"{point.accuracy:.2%}",) if accuracies else ()
    return (
        name,
        ", ".join(point.populations) or "none",
        f"{spiking} + {dense}",
        format_si(point.cost.energy, "J"),
        format_si(point.cost.latency, "s"),
        format_si(point.cost.edp, "Js"),
        f"{point.cost.cores:,.0f}",
        *accuracy,
    )
