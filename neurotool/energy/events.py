"""What is priced on a chip: events per layer and what decides the time, whether they were counted or published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.chips import Constant
from neurotool.energy.boundary import Traffic
from neurotool.energy.counts import Counts
from neurotool.ir.program import ChipProgram, Projection


@dataclass(frozen=True)
class LayerEvents:
    """Events of one layer in one inference, mean over the samples.

    Attributes:
        name: Input port or population.
        synops_dense: Synaptic operations into it from lists without target indices.
        synops_sparse: The same from lists with target indices.
        synops_shared: The same from lists that several neurons of a convolution share.
        updates_active: Updates of neurons that receive, hold or fire.
        updates_inactive: Updates of neurons at rest.
        firing: Spikes of neurons on the chip.
        messages: Spikes times the cores each goes to.
        hops_east_west: Tiles that messages cross along rows.
        hops_north_south: Tiles that messages cross along columns.
        crossings: Borders between chips that messages cross.
        link_bytes: Bytes that enter or leave the chip for it.
    """

    name: str
    synops_dense: float = 0.0
    synops_sparse: float = 0.0
    synops_shared: float = 0.0
    updates_active: float = 0.0
    updates_inactive: float = 0.0
    firing: float = 0.0
    messages: float = 0.0
    hops_east_west: float = 0.0
    hops_north_south: float = 0.0
    crossings: float = 0.0
    link_bytes: float = 0.0

    @property
    def synops(self) -> float:
        """Synaptic operations of all forms."""
        return self.synops_dense + self.synops_sparse + self.synops_shared


SPIKE_DRIVEN = frozenset(each.name for each in fields(LayerEvents)) - {
    "name",
    "updates_active",
    "updates_inactive",
    "link_bytes",
}
"""Events there would be twice as many of if every neuron fired twice as often."""


@dataclass(frozen=True, eq=False)
class ChipWork:
    """What one inference does on a chip.

    Attributes:
        layers: Events by layer.
        steps: Time steps.
        busiest_synops: Synaptic operations on the busiest core, one value per step and sample.
        samples: Samples that ``busiest_synops`` holds steps of.
        busiest_updates: Neurons on the fullest core.
        busiest_link: Messages over the link between two chips, in the shape of ``busiest_synops``; spread evenly over
            the links, since their routes are not known.
        cores: Cores in use.
        chips: Chips in use.
        values: Values that the host writes and reads.
        step_time: Seconds per step where they are known, otherwise modelled.
        latency: Seconds per inference where they are known, otherwise modelled.
        rates: Range of the spike rate as a factor, where it is an assumption.
        steady: Of the events of the layers, those that neurons cause which fire by their bias alone, layer by layer;
            they are as many however often all others fire. Empty where there are none.
        steady_synops: Of the synaptic operations on the busiest core, those that such neurons cause.
        steady_link: The same of the messages between chips.
    """

    layers: tuple[LayerEvents, ...]
    steps: int
    busiest_synops: Float64Array
    samples: int
    busiest_updates: float
    busiest_link: Float64Array
    cores: int
    chips: int
    values: float = 0.0
    step_time: float | None = None
    latency: float | None = None
    rates: Constant | None = None
    steady: tuple[LayerEvents, ...] = ()
    steady_synops: Float64Array = field(default_factory=lambda: np.zeros((1, 1)))
    steady_link: Float64Array = field(default_factory=lambda: np.zeros((1, 1)))

    def at_rate(self, factor: float) -> ChipWork:
        """The same with every neuron that hears anything firing ``factor`` times as often.

        Which updates are active, and which core is the busiest, stays as it is.
        """
        steady = self.steady or tuple(LayerEvents(layer.name) for layer in self.layers)
        more = 1.0 - factor
        return replace(
            self,
            layers=tuple(_at_rate(layer, still, factor) for layer, still in zip(self.layers, steady, strict=True)),
            busiest_synops=factor * self.busiest_synops + more * self.steady_synops,
            busiest_link=factor * self.busiest_link + more * self.steady_link,
        )


def _at_rate(layer: LayerEvents, steady: LayerEvents, factor: float) -> LayerEvents:
    counts = {name: (getattr(layer, name), getattr(steady, name)) for name in SPIKE_DRIVEN}
    return replace(layer, **{name: factor * (all_ - still) + still for name, (all_, still) in counts.items()})


def by_bias(program: ChipProgram) -> frozenset[str]:
    """Populations that hear nothing, and so fire by their bias alone, in every step: bias axons."""
    return frozenset(name for name in program.populations if not program.projections_into(name))


def events_of(program: ChipProgram, counts: Counts, crossings: Mapping[str, Traffic]) -> ChipWork:
    """Sum the counts of a run over its steps.

    Args:
        program: The program that ran.
        counts: What it did.
        crossings: What crosses the edge of the chip, by input port or population.
    """
    alone = by_bias(program) & set(counts.sent)
    return ChipWork(
        layers=tuple(_layer(program, counts, name, crossings.get(name)) for name in counts.sent),
        steady=tuple(_steady(program, counts, alone)) if alone else (),
        steps=counts.steps,
        busiest_synops=counts.busiest_synops,
        samples=counts.samples,
        busiest_updates=counts.busiest_updates,
        busiest_link=_link_load(counts, counts.sent),
        steady_synops=counts.steady_synops,
        steady_link=_link_load(counts, alone),
        cores=counts.cores,
        chips=counts.chips,
        values=sum(crossing.values for crossing in crossings.values()),
    )


def _link_load(counts: Counts, senders: Collection[str]) -> Float64Array:
    """Messages over each link between chips, ``[step, sample]``: the mean of the samples, spread over all links."""
    crossings = sum((counts.sent[name].crossings for name in senders), np.zeros(counts.steps))
    share = crossings / max(counts.chips - 1, 1)
    return np.broadcast_to(share[:, None], counts.busiest_synops.shape)


def _layer(program: ChipProgram, counts: Counts, name: str, traffic: Traffic | None) -> LayerEvents:
    sent = counts.sent[name]
    events = LayerEvents(
        name,
        messages=float(sent.messages.sum()),
        hops_east_west=float(sent.hops_east_west.sum()),
        hops_north_south=float(sent.hops_north_south.sum()),
        crossings=float(sent.crossings.sum()),
        link_bytes=0.0 if traffic is None else traffic.bytes,
    )
    if name not in counts.updates:
        return events
    return replace(
        events,
        **_synops(counts, program.projections_into(name)),  # type: ignore[arg-type]  # mypy takes it for the name, too
        updates_active=float(counts.updates[name].active.sum()),
        updates_inactive=float(counts.updates[name].inactive.sum()),
        firing=float(sent.spikes.sum()),
    )


def _synops(counts: Counts, projections: Iterable[Projection]) -> dict[str, float]:
    found = [counts.synops[projection.name] for projection in projections]
    return {
        "synops_dense": float(sum(s.dense.sum() for s in found)),
        "synops_sparse": float(sum(s.sparse.sum() for s in found)),
        "synops_shared": float(sum(s.shared.sum() for s in found)),
    }


def _steady(program: ChipProgram, counts: Counts, alone: Collection[str]) -> Iterator[LayerEvents]:
    """What neurons cause that fire by their bias alone, by layer."""
    for name in counts.sent:
        if name in alone:
            yield _layer(program, counts, name, None)
        else:
            into = program.projections_into(name) if name in program.populations else ()
            yield LayerEvents(name, **_synops(counts, (p for p in into if p.source in alone)))
