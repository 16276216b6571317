"""Chooses the cut of a model by what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from neurotool.arrays import BoolArray
from neurotool.chips import load_chip, load_device
from neurotool.chips.needs import ASSUMED_RATE
from neurotool.data import Samples
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.adapters import Source
from neurotool.ir.costs import CutCost
from neurotool.ir.graph import Graph
from neurotool.ir.partition import Partition
from neurotool.passes.partition import Answer, Candidates, Limits, Objective, solve
from neurotool.passes.partition.search import everything, nothing
from neurotool.passes.quantise.widths import Widths
from neurotool.pipeline.conversion.boundaries import code, example_values, held_values, own_steps
from neurotool.pipeline.conversion.calibration import calibrate
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.cuts.bounds import bounds
from neurotool.pipeline.cuts.costs import CutCosts
from neurotool.pipeline.cuts.layers import Activity, chip_layers, dense_counts
from neurotool.units import format_si

RATE_SAMPLES = 64
"""Calibration samples that spike rates are taken from."""


class Judge(Protocol):
    """Finds the accuracy of the model when it is cut so and its spiking half computes in integers."""

    @property
    def path(self) -> Path:
        """Samples that it is found on."""

    def __call__(self, cut: Partition, /) -> float:
        """Share of right answers."""


@dataclass(frozen=True, eq=False)
class ChosenCut:
    """The cut that was chosen, and what it was chosen from.

    Attributes:
        objective: What was made small.
        on_chip: Side of every unit.
        cost: What the cut costs.
        answer: How the search went; None where there was nothing to search.
        costs: Prices any other cut.
        limits: What had to be kept.
    """

    objective: Objective
    on_chip: BoolArray
    cost: CutCost
    answer: Answer | None
    costs: CutCosts
    limits: Limits

    @property
    def extremes(self) -> Mapping[str, tuple[BoolArray, CutCost]]:
        """The cuts with nothing and with everything on the chip that may be there."""
        problem = self.costs.candidates.problem
        return {
            name: (on_chip, self.costs.truth(on_chip))
            for name, on_chip in (("all in torch", nothing(problem)), ("all on the chip", everything(problem)))
        }


def choose(
    candidates: Candidates, source: Source, samples: Samples | None, options: ConvertOptions, judge: Judge | None = None
) -> tuple[Partition, ChosenCut | None]:
    """Choose a cut by the objective of the options.

    Args:
        candidates: What may go where.
        source: The loaded model.
        samples: Calibration data, which tells how often neurons fire; None to assume it.
        options: Objective and limits.
        judge: Finds the accuracy of a cut where there is a least one to keep.

    Returns:
        The cut, and how it was chosen; None where everything goes to the chip that can.

    Raises:
        UsageError: A limit is given that nothing chooses by, or the number of time steps is not known.
        NegativeAnswerError: No legal cut keeps the limits.
    """
    objective = objective_of(options)
    if objective is Objective.CHIP:
        load_device(options.device)  # one that does not exist is a mistake also where no cost decides
        return candidates.partition(), None
    costs = cut_costs(candidates, source, samples, options)
    limits = limits_of(options, costs)
    judged = None if judge is None else _Judged(judge)
    answer = solve(
        candidates.problem, bounds(costs), costs.truth, objective, limits,
        accept=_accept(candidates, options.min_accuracy, judged), seconds=options.cut_seconds,
    )  # fmt: skip
    if answer.on_chip is None or answer.cost is None:
        raise _refusal(answer, costs, limits, options, judged)
    found = ChosenCut(objective, answer.on_chip, answer.cost, answer, costs, limits)
    return candidates.partition(answer.on_chip, f"the cut with the least {_name(objective)} leaves it in torch"), found


def objective_of(options: ConvertOptions) -> Objective:
    """Return the objective, after making sure that the limits have one to go with.

    Raises:
        UsageError: There is no such objective, or a limit is given to none.
    """
    if options.objective not in list(Objective):
        raise UsageError(f"no objective named {options.objective!r}", hint=f"one of {', '.join(Objective)}")
    objective = Objective(options.objective)
    limits = {"--max-latency": options.max_latency, "--min-accuracy": options.min_accuracy}
    given = [name for name, value in limits.items() if value is not None]
    if objective is Objective.CHIP and given:
        raise UsageError(f"{given[0]} limits a choice, and --objective chip leaves none", hint="add --objective energy")
    return objective


def limits_of(options: ConvertOptions, costs: CutCosts) -> Limits:
    """Limits of the options."""
    cores = np.inf if options.chips is None else float(options.chips * costs.chip.limits.cores.value)
    return Limits(np.inf if options.max_latency is None else options.max_latency, cores)


def cut_costs(candidates: Candidates, source: Source, samples: Samples | None, options: ConvertOptions) -> CutCosts:
    """Find out what the nodes of a model do, wherever they run.

    Raises:
        UsageError: The number of time steps is not known, or there is no such chip or device.
        UnsupportedError: The work of a node in torch cannot be counted.
    """
    steps = _steps(candidates.graph, source, samples, options)
    everywhere = candidates.partition()
    activity = _activity(candidates, samples)
    coded = code(everywhere, source, samples, options).partition
    return CutCosts(
        candidates, load_chip(options.chip), load_device(options.device), steps, activity,
        chip_layers(candidates.graph, everywhere.sides, activity, Widths(options.weight_bits, options.layer_bits)),
        dense_counts(candidates.graph, steps),
        frozenset(b.value for b in coded.boundaries if b.coding.reduces),
        held_values(candidates.graph, options.coding),
    )  # fmt: skip


def _steps(graph: Graph, source: Source, samples: Samples | None, options: ConvertOptions) -> int:
    """Steps that the model itself makes; else those of the data, those that are asked for, or those of the example."""
    inputs = example_values(graph, source, samples) or {}
    given = max((len(value) for name, value in inputs.items() if graph.nodes[name].timed), default=0)
    asked = options.steps or 0
    steps = (own_steps(graph, inputs) if inputs else 0) or (given or asked if samples is not None else asked or given)
    if not steps:
        raise UsageError("what a cut costs depends on the number of time steps", hint="add --calib data.npz")
    return steps


def _activity(candidates: Candidates, samples: Samples | None) -> Activity:
    """Rates of the float reference on calibration data, else an assumed one."""
    if samples is None:
        return Activity({}, f"assumed: {ASSUMED_RATE:.0%} of the neurons fire in a step; --calib measures it")
    some = calibrate(candidates.graph, samples.take(RATE_SAMPLES), None)
    rates = {name: found["rate"] for name, found in some.ranges.items()}
    rates |= {name: float(np.mean(np.asarray(values) != 0)) for name, values in some.inputs.items()}
    return Activity(rates, f"float reference on {some.samples} calibration samples")


@dataclass
class _Judged:
    """A judge, and the best accuracy that it found of all cuts."""

    judge: Judge
    best: float | None = None

    def __call__(self, cut: Partition) -> float:
        found = self.judge(cut)
        self.best = found if self.best is None else max(self.best, found)
        return found

    def __str__(self) -> str:
        return "" if self.best is None else f" (the best of the cuts tried has {self.best:.1%} on {self.judge.path})"


def _accept(candidates: Candidates, least: float | None, judge: _Judged | None) -> Callable[[BoolArray], bool] | None:
    if least is None:
        return None
    if judge is None:
        raise UsageError("--min-accuracy needs samples with labels", hint="--calib a file with x and y")
    return lambda on_chip: judge(candidates.partition(on_chip)) >= least


def _refusal(
    answer: Answer, costs: CutCosts, limits: Limits, options: ConvertOptions, judged: _Judged | None
) -> NegativeAnswerError:
    """Say which limits no cut keeps, and how near one comes."""
    wanted = []
    if options.max_latency is not None:
        problem = costs.candidates.problem
        fastest = solve(problem, bounds(costs), costs.truth, Objective.LATENCY, replace(limits, latency=np.inf))
        least = "none is known" if fastest.cost is None else f"the fastest takes {format_si(fastest.cost.latency, 's')}"
        wanted.append(f"a latency of {format_si(options.max_latency, 's')} ({least})")
    if options.chips is not None:
        wanted.append(f"{options.chips} chip(s)")
    if options.min_accuracy is not None:
        wanted.append(f"an accuracy of {options.min_accuracy:.1%}{judged or ''}")
    what = "no legal cut keeps" if answer.complete else f"within {options.cut_seconds:g} s no cut was found that keeps"
    return NegativeAnswerError(f"{what} {' and '.join(wanted)} [NT-PART-011]", hint="neurotool explain NT-PART-011")


def _name(objective: Objective) -> str:
    return {Objective.EDP: "energy-delay product"}.get(objective, objective.value)
