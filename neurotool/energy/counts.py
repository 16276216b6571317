"""Counts what a run did on the cores of a chip: synaptic operations, neuron updates, messages, per step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.chips import Chip
from neurotool.chips.memory import Storage, synapse_storage
from neurotool.chips.wiring import destinations, fan_out, hops
from neurotool.energy.activity import Activity, read_activity
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram, Projection
from neurotool.ir.trace import Trace

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Synops:
    """Synaptic operations of one projection per step, mean per sample, ``[step]``.

    An operation is one spike meeting one non-zero weight.

    Attributes:
        dense: On cores that store the projection without target indices.
        sparse: On cores that store it with target indices.
    """

    dense: FloatArray
    sparse: FloatArray


@dataclass(frozen=True, eq=False)
class Sent:
    """What one input port or population sends per step, mean per sample, ``[step]``.

    Attributes:
        spikes: Spikes.
        messages: Spikes times the distinct cores each goes to.
        hops_east_west: Tiles crossed along rows. Zero for ports, since where spikes enter the grid is not known.
        hops_north_south: Tiles crossed along columns.
    """

    spikes: FloatArray
    messages: FloatArray
    hops_east_west: FloatArray
    hops_north_south: FloatArray


@dataclass(frozen=True, eq=False)
class Updates:
    """Neuron updates of one population per step, mean per sample, ``[step]``. Every neuron is in one of three states.

    Attributes:
        driven: Neurons that receive a synaptic input or fire in this step.
        holding: Others that received one before, or have a bias: their state is in general not zero.
        resting: The rest.
    """

    driven: FloatArray
    holding: FloatArray
    resting: FloatArray

    @property
    def active(self) -> FloatArray:
        """Updates charged as active: driven and holding."""
        return self.driven + self.holding

    @property
    def inactive(self) -> FloatArray:
        """Updates charged as inactive."""
        return self.resting


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
        busiest_updates: Neurons on the fullest core; all are updated in every step.
        cores: Cores in use.
        chips: Chips in use.
    """

    steps: int
    samples: int
    synops: Mapping[str, Synops]
    sent: Mapping[str, Sent]
    updates: Mapping[str, Updates]
    busiest_synops: FloatArray
    busiest_updates: int
    cores: int
    chips: int


def count(program: ChipProgram, placement: Placement, trace: Trace, chip: Chip) -> Counts:
    """Count the events of a run.

    Step s is the chip's own clock: row t of a population happens at step t + its start. A spike is delivered in the
    step it is sent in, so its synaptic operations are counted there; the target updates with it one step later.

    Args:
        program: The program that ran.
        placement: Its layout on ``chip``.
        trace: Spikes of every input port and population, ``[time, batch, *shape]``.
        chip: Gives the memory layout and the grid.

    Raises:
        UsageError: The trace is not one of this program.
    """
    activity = read_activity(program, trace)
    synops: dict[str, Synops] = {}
    load = np.zeros((activity.steps * activity.samples, len(placement.cores)))
    for projection in program.projections.values():
        synops[projection.name] = _synops(projection, placement, activity, chip, load)
    busiest = load.max(axis=1) if load.shape[1] else np.zeros(load.shape[0])
    return Counts(
        steps=activity.steps,
        samples=activity.samples,
        synops=synops,
        sent=_sent(program, placement, activity, chip),
        updates={name: _updates(program, name, activity) for name in program.populations},
        busiest_synops=busiest.reshape(activity.steps, activity.samples),
        busiest_updates=max((core.last - core.first for core in placement.cores), default=0),
        cores=len(placement.cores),
        chips=placement.chips,
    )


def _synops(projection: Projection, placement: Placement, activity: Activity, chip: Chip, load: FloatArray) -> Synops:
    """Count one projection, and add its operations to ``load``, ``[step x sample, core]``."""
    columns = [i for i, core in enumerate(placement.cores) if core.population == projection.target]
    cores = [placement.cores[i] for i in columns]
    reached = fan_out(projection, cores)
    operations = activity.flat(projection.source) @ reached.astype(np.float64)
    load[:, columns] += operations
    forms = [
        synapse_storage(reached[:, i], core.last - core.first, projection.weight_bits, chip.memory)[0]
        for i, core in enumerate(cores)
    ]
    sparse = np.array([form is Storage.SPARSE for form in forms], np.bool_)
    return Synops(
        dense=activity.mean(operations[:, ~sparse].sum(axis=1)),
        sparse=activity.mean(operations[:, sparse].sum(axis=1)),
    )


def _sent(program: ChipProgram, placement: Placement, activity: Activity, chip: Chip) -> dict[str, Sent]:
    east_west, north_south = hops(placement.cores, chip.mesh)
    found: dict[str, Sent] = {}
    for name, reach in destinations(program, placement.cores).items():
        spikes = activity.flat(name)
        # Cost of one spike of each neuron: cores reached, and tiles crossed on the way from the neuron's own core.
        per_spike = np.zeros((reach.shape[0], 4))
        per_spike[:, 0] = 1.0
        per_spike[:, 1] = reach.sum(axis=1)
        for i, core in enumerate(placement.cores):
            if core.population == name:
                own = reach[core.first : core.last]
                per_spike[core.first : core.last, 2] = own @ east_west[i]
                per_spike[core.first : core.last, 3] = own @ north_south[i]
        totals = spikes @ per_spike
        found[name] = Sent(*(activity.mean(totals[:, k]) for k in range(4)))
    return found


def _updates(program: ChipProgram, name: str, activity: Activity) -> Updates:
    population = program.populations[name]
    received = np.zeros((activity.steps, activity.samples, population.size), np.bool_)
    for projection in program.projections_into(name):
        sources = activity.spikes[projection.source].astype(np.float32)
        hits = sources @ (projection.weights != 0).T.astype(np.float32)
        received[1:] |= hits[:-1] > 0
    driven = received | activity.spikes[name]
    touched = np.maximum.accumulate(driven, axis=0)
    touched[population.start :] |= _has_bias(program, name)
    resting = np.count_nonzero(~touched, axis=2).mean(axis=1)
    moved = np.count_nonzero(driven, axis=2).mean(axis=1)
    return Updates(driven=moved, holding=population.size - moved - resting, resting=resting)


def _has_bias(program: ChipProgram, name: str) -> npt.NDArray[np.bool_]:
    population = program.populations[name]
    bias = population.parameters.get("bias_mant", np.zeros(population.size, np.int64))
    return np.asarray(bias != 0)
