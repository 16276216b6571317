"""What a placed program does in one inference at given spike rates, where no run has been recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from scipy import sparse

from neurotool.chips import Chip
from neurotool.chips.needs import ASSUMED_RATE
from neurotool.energy.activity import Activity
from neurotool.energy.boundary import crossings_of
from neurotool.energy.counts import count_activity
from neurotool.energy.events import SPIKE_DRIVEN, ChipWork, LayerEvents, by_bias, events_of
from neurotool.energy.rates import RATE_RANGE
from neurotool.energy.report import Evidence
from neurotool.energy.split import CountedWork
from neurotool.errors import UsageError
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram


def expected_work(
    program: ChipProgram,
    placement: Placement,
    chip: Chip,
    steps: int,
    rates: Mapping[str, float] | None = None,
    once: Collection[str] = frozenset(),
) -> ChipWork:
    """Count the events that neurons cause on average.

    Every neuron of a population is taken to fire alike, and every neuron that hears anything to be active.

    Args:
        program: The program.
        placement: Its layout on ``chip``.
        chip: The chip.
        steps: Time steps of the input.
        rates: Spikes of a neuron in a step, by input port and population; where not given, one for a bias axon and
            :data:`neurotool.chips.needs.ASSUMED_RATE` for all others.
        once: Values that cross the edge of the chip once per inference instead of step by step.

    Raises:
        UsageError: A rate is no number from zero on, or there is no step.
    """
    known = dict.fromkeys((*program.inputs, *program.populations), ASSUMED_RATE)
    known |= dict.fromkeys(by_bias(program), 1.0)
    known |= {name: rate for name, rate in (rates or {}).items() if name in known}
    wrong = [name for name, rate in known.items() if not 0.0 <= rate < np.inf]
    if wrong or steps < 1:
        what = (
            f"the spike rate of {', '.join(wrong)} is no number from zero on" if wrong else f"there are {steps} steps"
        )
        raise UsageError(f"no activity can be expected: {what}", hint="rates are spikes per neuron and step")
    # A step of mean rates in place of spikes: counting is linear in them, but for which updates are active.
    mean = {name: sparse.csr_array(np.full((1, program.size_of(name)), rate)) for name, rate in known.items()}
    counts = count_activity(program, placement, Activity(1, 1, mean), chip)
    crossings = crossings_of(program, steps, lambda name: steps * program.size_of(name) * known[name], once)
    one = events_of(program, counts, crossings)
    clock = steps + program.depth
    layers = []
    for layer in one.layers:
        updates = layer.updates_active + layer.updates_inactive
        heard = any(known[p.source] > 0 for p in program.projections_into(layer.name)) if updates else False
        active = updates if heard or layer.updates_active else 0.0
        layers.append(
            replace(_over(layer, steps), updates_active=active * clock, updates_inactive=(updates - active) * clock)
        )
    return replace(
        one,
        layers=tuple(layers),
        steady=tuple(_over(layer, steps) for layer in one.steady),
        steps=clock,
        busiest_synops=np.repeat(one.busiest_synops, clock, axis=0),
        busiest_link=np.repeat(one.busiest_link, clock, axis=0),
        steady_synops=np.repeat(one.steady_synops, clock, axis=0),
        steady_link=np.repeat(one.steady_link, clock, axis=0),
    )


def _over(layer: LayerEvents, steps: int) -> LayerEvents:
    """The spikes of one step, and what they cause, in all steps of the input."""
    return replace(layer, **{name: steps * getattr(layer, name) for name in SPIKE_DRIVEN})


def expected(
    part: str,
    program: ChipProgram,
    placement: Placement,
    chip: Chip,
    steps: int,
    rates: Mapping[str, float] | None = None,
    source: str = "calibration data",
    once: Collection[str] = frozenset(),
) -> CountedWork:
    """The same as a part to estimate, with its class of evidence: recorded rates, or an assumed one with its range.

    Args:
        part: Name of the part.
        program: The program.
        placement: Its layout.
        chip: The chip.
        steps: Time steps of the input.
        rates: As for :func:`expected_work`.
        source: Where the rates come from.
        once: As for :func:`expected_work`.

    Raises:
        UsageError: As for :func:`expected_work`.
    """
    work = expected_work(program, placement, chip, steps, rates, once)
    known = {*(rates or {}), *by_bias(program)}
    missing = [name for name in (*program.inputs, *program.populations) if name not in known]
    note = "Every neuron of a population is taken to fire alike; the busiest core of a step is busier than its mean."
    if not missing:
        return CountedWork(part, work, Evidence.RECORDED, source, notes=(note,))
    guess = f"{ASSUMED_RATE:.0%} of the steps for {', '.join(missing)}"
    assumed = replace(work, rates=RATE_RANGE)
    return CountedWork(part, assumed, Evidence.ASSUMED, guess, notes=(note,))
