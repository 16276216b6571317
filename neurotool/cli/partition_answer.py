"""What ``partition`` answers: the cut, what it costs beside others, and why a node is where it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from neurotool.cli import following
from neurotool.cli.answer import Answer
from neurotool.cli.summary import cut as shown
from neurotool.cli.summary import split
from neurotool.cli.summary.tables import next_command

if TYPE_CHECKING:
    from neurotool.ir.costs import CutCost
    from neurotool.ir.graph import Node
    from neurotool.pipeline import ConvertOptions, PartitionResult
    from neurotool.pipeline.cuts.pareto import CutPoint


def partitioned(source: str, result: PartitionResult, options: ConvertOptions, *, detailed: bool = False) -> Answer:
    """Answer of ``partition`` with some options; ``detailed`` lists the nodes one by one."""
    cut = result.partition
    data = {
        "schema": "neurotool.partition/1",
        "source": source,
        "dt": cut.graph.dt,
        "convention": cut.graph.convention.name,
        "nodes": [_node(cut.graph.nodes[r.node], asdict(r)) for r in cut.reasons if r.node in cut.graph.nodes],
        "parts": [asdict(part) for part in cut.parts],
        "boundaries": [asdict(boundary) for boundary in cut.boundaries],
        "notes": list(result.notes),
        "choice": _choice(result),
        "cuts": [_cut(point) for point in result.compared()],
    }
    text = [shown.configuration(source, result), shown.parts(result)]
    text += [split.nodes(cut)] if detailed else []
    text += [split.boundaries(cut.boundaries), *shown.costs(result)]
    return data, [*text, following.conversion(source, options)]


def explained(source: str, result: PartitionResult, node: str) -> Answer:
    """Answer of ``partition --explain``."""
    found = result.explain(node)
    data = {
        "schema": "neurotool.partition-explain/1",
        "source": source,
        **asdict(found.reason),
        "together": list(found.together),
        "here": _cost(found.here),
        "other_side": _cost(found.there),
        "moved": list(found.moved),
    }
    rule = [next_command("neurotool", "explain", found.reason.rule)] if found.reason.rule else []
    return data, [shown.explanation(result, found), *rule]


def _choice(result: PartitionResult) -> dict[str, Any] | None:
    chosen = result.chosen
    if chosen is None:
        return None
    answer = chosen.answer
    return {
        "objective": chosen.objective.value,
        "chip": chosen.costs.chip.name,
        "device": chosen.costs.device.name,
        "steps": chosen.costs.steps,
        "activity": chosen.costs.activity.source,
        "cost": _cost(chosen.cost),
        "gap": None if answer is None else answer.gap,
        "complete": None if answer is None else answer.complete,
        "seconds": None if answer is None else answer.seconds,
    }


def _cut(point: CutPoint) -> dict[str, Any]:
    return {
        "names": list(point.names),
        "populations_on_chip": list(point.populations),
        "parts_on_chip": point.parts[0],
        "parts_in_torch": point.parts[1],
        "cost": _cost(point.cost),
        "accuracy": point.accuracy,
        "best": point.best,
    }


def _cost(cost: CutCost | None) -> dict[str, float] | None:
    return None if cost is None else {"energy_J": cost.energy, "latency_s": cost.latency, "cores": cost.cores}


def _node(node: Node, reason: dict[str, Any]) -> dict[str, Any]:
    return {"name": node.name, "type": node.type_name, "shape": list(node.shape), "origin": node.origin} | reason
