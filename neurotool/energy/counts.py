"""Counts what a run did on the cores of a chip: synaptic operations, neuron updates, messages, per step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from neurotool.arrays import BoolArray, Float64Array, Int64Array
from neurotool.chips import Chip
from neurotool.chips.memory import Storage, synapse_storage
from neurotool.chips.wiring import destinations, fan_outs, tiles
from neurotool.energy.activity import Activity, read_activity
from neurotool.energy.updates import Updates, count_updates
from neurotool.ir.placement import Placement, cores_of_neurons
from neurotool.ir.program import ChipProgram, Projection
from neurotool.ir.trace import Trace


@dataclass(frozen=True, eq=False)
class Synops:
    """Synaptic operations of one projection per step, mean per sample, ``[step]``.

    An operation is one message with a payload other than zero meeting one weight other than zero.

    Attributes:
        dense: On cores that store the projection without target indices.
        sparse: On cores that store it with target indices.
        shared: On cores that store it as lists that several source neurons have in common: convolutions.
    """

    dense: Float64Array
    sparse: Float64Array
    shared: Float64Array


@dataclass(frozen=True, eq=False)
class Sent:
    """What one input port or population sends per step, mean per sample, ``[step]``.

    Attributes:
        spikes: Spikes.
        messages: Spikes times the distinct cores each goes to.
        hops_east_west: Tiles crossed along rows. Zero for ports, since where spikes enter the grid is not known.
        hops_north_south: Tiles crossed along columns.
        crossings: Borders crossed between chips, which are taken to lie in a line.
    """

    spikes: Float64Array
    messages: Float64Array
    hops_east_west: Float64Array
    hops_north_south: Float64Array
    crossings: Float64Array


@dataclass(frozen=True, eq=False)
class Counts:
    """What one inference does, as a mean over the samples of a trace.

    Attributes:
        steps: Time steps the chip runs: those of the input plus the depth of the program.
        samples: Number of samples.
        synops: Per projection.
        sent: Per input port and population.
        updates: Per population.
        busiest_synops: Synaptic operations on the busiest core, ``[step, sample]``.
        steady_synops: Those of them that come from neurons which hear nothing, and so fire whatever the others do.
        busiest_updates: Neurons on the fullest core; all are updated in every step.
        cores: Cores in use.
        chips: Chips in use.
    """

    steps: int
    samples: int
    synops: Mapping[str, Synops]
    sent: Mapping[str, Sent]
    updates: Mapping[str, Updates]
    busiest_synops: Float64Array
    steady_synops: Float64Array
    busiest_updates: int
    cores: int
    chips: int


def count(program: ChipProgram, placement: Placement, trace: Trace, chip: Chip) -> Counts:
    """Count the events of a run.

    Step s is the chip's own clock: row t of a population happens at step t + its start. A spike is delivered in the
    step it is sent in, so its synaptic operations are counted there, and the core keeps what is delayed; the target
    updates with it one step later, and later by the delay.

    Args:
        program: The program that ran.
        placement: Its layout on ``chip``.
        trace: Spikes of every input port and population, ``[time, batch, *shape]``.
        chip: Gives the memory layout and the grid.

    Raises:
        UsageError: The trace is not one of this program.
    """
    return count_activity(program, placement, read_activity(program, trace), chip)


def count_activity(program: ChipProgram, placement: Placement, activity: Activity, chip: Chip) -> Counts:
    """Count the events of spikes on the chip's clock; of mean rates in their place, the expected events."""
    cores = [core.slices for core in placement.cores]
    reached = fan_outs(program, cores)
    synops: dict[str, Synops] = {}
    load = np.zeros((activity.steps * activity.samples, len(placement.cores)))
    steady = np.zeros_like(load)
    for name, projection in program.projections.items():
        operations = (activity.spikes[projection.source] @ reached[name]).toarray()
        load += operations
        if projection.source in program.populations and not program.projections_into(projection.source):
            steady += operations
        synops[name] = _synops(operations, _forms(projection, placement, reached[name], chip), activity)
    busiest = load.max(axis=1, initial=0.0)
    return Counts(
        steps=activity.steps,
        samples=activity.samples,
        synops=synops,
        sent=_sent(program, placement, activity, destinations(program, reached), chip),
        updates={
            name: count_updates(program, population, activity) for name, population in program.populations.items()
        },
        busiest_synops=busiest.reshape(activity.steps, activity.samples),
        steady_synops=_at_busiest(steady, load).reshape(activity.steps, activity.samples),
        busiest_updates=max((core.neurons for core in placement.cores), default=0),
        cores=len(placement.cores),
        chips=placement.chips,
    )


def _at_busiest(steady: Float64Array, load: Float64Array) -> Float64Array:
    """Of a part of the load, what falls on the busiest core, ``[step x sample]``."""
    if not load.shape[1]:
        return np.zeros(len(load))
    found: Float64Array = np.take_along_axis(steady, load.argmax(axis=1)[:, None], axis=1)
    return found


def _synops(operations: Int64Array, forms: Mapping[Storage, BoolArray], activity: Activity) -> Synops:
    """Sum the operations of one projection, ``[step x sample, core]``, over the cores of each form."""
    total = {form: activity.mean(operations[:, cores].sum(axis=1)) for form, cores in forms.items()}
    return Synops(total[Storage.DENSE], total[Storage.SPARSE], total[Storage.SHARED])


def _forms(
    projection: Projection, placement: Placement, reached: sparse.csr_array, chip: Chip
) -> dict[Storage, BoolArray]:
    """Find the cores that store a projection in each form, ``[core]``."""
    found = {form: np.zeros(len(placement.cores), np.bool_) for form in Storage}
    lists = reached.tocsc()
    for i, core in enumerate(placement.cores):
        neurons = sum(held.size for held in core.slices if held.population == projection.target)
        if neurons:
            entries = lists.data[lists.indptr[i] : lists.indptr[i + 1]]
            form, _ = synapse_storage(entries, neurons, projection, chip.memory)
            found[form][i] = True
    return found


def storage_forms(program: ChipProgram, placement: Placement, chip: Chip) -> dict[str, dict[int, Storage]]:
    """How each core that holds targets of a projection lists its synapses: by projection, then by index of the core."""
    reached = fan_outs(program, [core.slices for core in placement.cores])
    found = {}
    for name, projection in program.projections.items():
        forms = _forms(projection, placement, reached[name], chip)
        found[name] = {int(core): form for form, cores in forms.items() for core in np.flatnonzero(cores)}
    return found


def _sent(
    program: ChipProgram, placement: Placement, activity: Activity, reach: Mapping[str, sparse.csr_array], chip: Chip
) -> dict[str, Sent]:
    row, column, chips = tiles([(core.chip, core.core) for core in placement.cores], chip.mesh)
    slices = [core.slices for core in placement.cores]
    found: dict[str, Sent] = {}
    for name, cores in reach.items():
        neuron, to = cores.nonzero()
        crossed = np.zeros((3, len(to)))
        if name in program.populations:
            start = cores_of_neurons(name, cores.shape[0], slices)[neuron]
            borders = np.abs(chips[start] - chips[to])
            # The step from chip to chip is a crossing and no hop.
            crossed = np.stack([np.abs(column[start] - column[to]) - borders, np.abs(row[start] - row[to]), borders])
        # Cost of one spike of each neuron: cores reached, and what is crossed on the way from the neuron's own core.
        per_spike = [np.bincount(neuron, cost, minlength=cores.shape[0]) for cost in (np.ones(len(to)), *crossed)]
        spikes = activity.spikes[name]
        found[name] = Sent(*(activity.mean(spikes @ cost) for cost in (np.ones(cores.shape[0]), *per_spike)))
    return found
