"""Turns a file of published counts into work that can be priced, and says what had to be taken for granted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurotool.chips import Basis, Chip, Constant
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.energy.events import ChipWork, LayerEvents
from neurotool.energy.report import Evidence
from neurotool.energy.split import CountedWork
from neurotool.errors import UsageError
from neurotool.ir.activity_counts import ActivityClass, ActivityCounts, LayerCounts
from neurotool.units import format_si, parse_time

STEP_WINDOW = (1e-7, 1e-2)
"""Seconds per step: from half of the shortest step Intel claims for Loihi 2 (200 ns) to steps of a real-time loop."""

FAN_OUT_WINDOW = (0.1, 1e5)
"""Synaptic operations per spike: from mostly unconnected neurons to more targets than neurons commonly have."""


def counted_work(counts: ActivityCounts, chip: Chip) -> CountedWork:
    """Make work of published counts.

    Args:
        counts: The counts.
        chip: Where they were counted, or where they are to be priced.

    Raises:
        UsageError: The chip has fewer cores than the counts say.
    """
    limit = chip.limits.cores.value * counts.chips
    if counts.cores > limit:
        raise UsageError(
            f"{counts.name}: {counts.cores} cores on {counts.chips} {chip.name} chip(s), which have {limit}",
            hint="check cores and chips",
        )
    evidence = Evidence(counts.evidence.value)
    return CountedWork(
        part=counts.name,
        work=_work(counts),
        evidence=evidence,
        source=f"{counts.source}, {counts.date}",
        notes=tuple(_assumptions(counts)),
        warnings=tuple(_implausible(counts)),
    )


def _work(counts: ActivityCounts) -> ChipWork:
    layers = [_events(layer) for layer in counts.layers]
    synops = sum(layer.synops for layer in layers) / counts.steps / counts.cores
    neurons = sum((layer.updates_active + layer.updates_inactive) for layer in layers) / counts.steps / counts.cores
    if counts.busiest_core is not None:
        synops, neurons = counts.busiest_core.synops_per_step, counts.busiest_core.neurons
    crossings = sum(layer.crossings for layer in layers)
    if counts.link.bytes:
        layers.append(LayerEvents("link", link_bytes=counts.link.bytes))
    return ChipWork(
        layers=tuple(layers),
        steps=counts.steps,
        busiest_synops=np.full((counts.steps, 1), float(synops)),
        samples=1,
        busiest_updates=float(neurons),
        busiest_link=np.full((counts.steps, 1), crossings / counts.steps / max(counts.chips - 1, 1)),
        cores=counts.cores,
        chips=counts.chips,
        values=counts.link.values,
        step_time=_seconds(counts.time_per_step),
        latency=_seconds(counts.latency),
        rates=_rates(counts),
    )


def _events(layer: LayerCounts) -> LayerEvents:
    return LayerEvents(
        layer.name,
        synops_dense=layer.synops.dense,
        synops_sparse=layer.synops.sparse,
        synops_shared=layer.synops.shared,
        updates_active=layer.updates.active,
        updates_inactive=layer.updates.inactive,
        firing=layer.spikes,
        messages=layer.spikes if layer.messages is None else layer.messages,
        hops_east_west=layer.hops.east_west,
        hops_north_south=layer.hops.north_south,
        crossings=layer.crossings,
    )


def _rates(counts: ActivityCounts) -> Constant | None:
    if counts.rates_within is None:
        return None
    return Constant(
        value=1.0,
        low=counts.rates_within.low,
        high=counts.rates_within.high,
        unit="1",
        basis=Basis.ASSUMED if counts.evidence is ActivityClass.ASSUMED else Basis.SILICON,
        citation=counts.source,
        date=counts.date,
        note="range of the spike rate, as the activity file gives it",
    )


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_time(text)


def _assumptions(counts: ActivityCounts) -> Iterator[str]:
    """What the file does not say, and what was taken instead."""
    if not counts.layers:
        yield f"{counts.name}: no events are given, so that dynamic energy is not estimated."
    silent = [layer.name for layer in counts.layers if layer.messages is None and layer.spikes]
    if silent:
        yield f"{counts.name}: messages of {', '.join(silent)} are not given; one for each spike is assumed."
    if counts.latency is not None:
        yield f"{counts.name}: the latency is given, not modelled."
    elif counts.time_per_step is not None:
        yield f"{counts.name}: the time per step is given, not modelled."
    elif counts.busiest_core is None:
        yield f"{counts.name}: the busiest core is not given; work is spread evenly, which makes steps too short."


def _implausible(counts: ActivityCounts) -> Iterator[Diagnostic]:
    """Figures outside what such chips and networks do, which is how a slip of a unit shows."""
    yield from _implausible_times(counts)
    for layer in counts.layers:
        received = layer.synops.dense + layer.synops.sparse + layer.synops.shared
        sent = layer.spikes if layer.messages is None else layer.messages
        if layer.spikes > 0 and sent > layer.spikes * counts.cores:
            yield _warning(layer.name, "messages", sent, "", (layer.spikes, layer.spikes * counts.cores))
        if received and layer.neurons and received > layer.neurons * counts.steps * FAN_OUT_WINDOW[1]:
            window = (0.0, layer.neurons * counts.steps * FAN_OUT_WINDOW[1])
            yield _warning(layer.name, "synaptic operations", received, "", window)
    spikes = sum(layer.spikes for layer in counts.layers)
    synops = sum(_events(layer).synops for layer in counts.layers)
    if spikes and synops and not FAN_OUT_WINDOW[0] <= synops / spikes <= FAN_OUT_WINDOW[1]:
        yield _warning(counts.name, "synaptic operations per spike", synops / spikes, "", FAN_OUT_WINDOW)


def _implausible_times(counts: ActivityCounts) -> Iterator[Diagnostic]:
    for what, text, steps in (
        ("time per step", counts.time_per_step, 1),
        ("latency per step", counts.latency, counts.steps),
    ):
        seconds = None if text is None else parse_time(text) / steps
        if seconds is not None and not STEP_WINDOW[0] <= seconds <= STEP_WINDOW[1]:
            yield _warning(counts.name, what, seconds, "s", STEP_WINDOW)
    if counts.time_per_step and counts.latency:
        total, whole = counts.steps * parse_time(counts.time_per_step), parse_time(counts.latency)
        if total > whole * 1.01:
            yield _warning(counts.name, "time of all steps", total, "s", (0.0, whole))


def _warning(node: str, what: str, value: float, unit: str, window: tuple[float, float]) -> Diagnostic:
    def shown(number: float) -> str:
        return format_si(number, unit) if unit else f"{number:,.4g}"

    limit = f"{shown(window[0])} to {shown(window[1])}"
    return Diagnostic(
        "NT-ENERGY-004",
        Severity.WARNING,
        node,
        f"{node}: {what} is {shown(value)}; plausible: {limit}",
        found=shown(value),
        limit=limit,
        fix="check the units and that counts are per inference",
    )
