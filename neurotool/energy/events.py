"""What is priced on a chip: events per layer and what decides the time, whether they were counted or published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from neurotool.chips import Constant
from neurotool.energy.boundary import Traffic
from neurotool.energy.counts import Counts
from neurotool.ir.program import ChipProgram

FloatArray = npt.NDArray[np.float64]


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


SPIKE_DRIVEN = frozenset(field.name for field in fields(LayerEvents)) - {
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
    """

    layers: tuple[LayerEvents, ...]
    steps: int
    busiest_synops: FloatArray
    samples: int
    busiest_updates: float
    busiest_link: FloatArray
    cores: int
    chips: int
    values: float = 0.0
    step_time: float | None = None
    latency: float | None = None
    rates: Constant | None = None

    def at_rate(self, factor: float) -> ChipWork:
        """The same with every neuron firing ``factor`` times as often. Which updates are active stays as it is."""
        layers = tuple(
            replace(layer, **{name: factor * getattr(layer, name) for name in SPIKE_DRIVEN}) for layer in self.layers
        )
        return replace(
            self, layers=layers, busiest_synops=factor * self.busiest_synops, busiest_link=factor * self.busiest_link
        )


def events_of(program: ChipProgram, counts: Counts, crossings: Mapping[str, Traffic]) -> ChipWork:
    """Sum the counts of a run over its steps.

    Args:
        program: The program that ran.
        counts: What it did.
        crossings: What crosses the edge of the chip, by input port or population.
    """
    return ChipWork(
        layers=tuple(_layer(program, counts, name, crossings.get(name)) for name in counts.sent),
        steps=counts.steps,
        busiest_synops=counts.busiest_synops,
        samples=counts.samples,
        busiest_updates=counts.busiest_updates,
        busiest_link=_link_load(counts),
        cores=counts.cores,
        chips=counts.chips,
        values=sum(crossing.values for crossing in crossings.values()),
    )


def _link_load(counts: Counts) -> FloatArray:
    """Messages over each link between chips, ``[step, sample]``: the mean of the samples, spread over all links."""
    crossings = sum((sent.crossings for sent in counts.sent.values()), np.zeros(counts.steps))
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
    into = [counts.synops[projection.name] for projection in program.projections_into(name)]
    return replace(
        events,
        synops_dense=float(sum(s.dense.sum() for s in into)),
        synops_sparse=float(sum(s.sparse.sum() for s in into)),
        synops_shared=float(sum(s.shared.sum() for s in into)),
        updates_active=float(counts.updates[name].active.sum()),
        updates_inactive=float(counts.updates[name].inactive.sum()),
        firing=float(sent.spikes.sum()),
    )
