"""Which source neurons reach which cores of a placed program, and where the cores lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from neurotool.arrays import Int64Array
from neurotool.chips.chip import Mesh
from neurotool.chips.lists import SliceLists
from neurotool.ir.connectivity import planes
from neurotool.ir.placement import Slice, cores_of_neurons
from neurotool.ir.program import ChipProgram, Convolution, Projection

Held = Sequence[Sequence[Slice]]
"""The slices on each core."""


def fan_out(
    program: ChipProgram, projection: Projection, cores: Held, lists: SliceLists | None = None
) -> sparse.csr_array:
    """Count the synapses with a weight other than zero from every source neuron to every core, ``[source, core]``.

    Args:
        program: The program.
        projection: One of its projections.
        cores: The layout of the whole program; columns are in its order.
        lists: Lists of the projection, where they are known already.
    """
    lists = lists or SliceLists(program, projection)
    sources, counts, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for i, slices in enumerate(cores):
        for held in slices:
            if held.population == projection.target:
                reached, synapses = lists.reach(held)
                sources.append(reached)
                counts.append(synapses)
                columns.append(np.full(len(reached), i))
    where = np.concatenate(sources), np.concatenate(columns)
    return sparse.csr_array((np.concatenate(counts), where), (program.size_of(projection.source), len(cores)))


def fan_outs(program: ChipProgram, cores: Held) -> dict[str, sparse.csr_array]:
    """Return :func:`fan_out` of every projection, by name."""
    return {name: fan_out(program, projection, cores) for name, projection in program.projections.items()}


def destinations(program: ChipProgram, reached: Mapping[str, sparse.csr_array]) -> dict[str, sparse.csr_array]:
    """Find the cores that each source neuron sends to.

    Args:
        program: The program.
        reached: Its :func:`fan_outs`.

    Returns:
        Per input port and population, ``[neuron, core]``, one where any synapse leads from the neuron to the core. A
        message goes once to a core, however many synapses it meets there.
    """
    cores = next((counts.shape[1] for counts in reached.values()), 0)
    found = {
        name: sparse.csr_array((program.size_of(name), cores), dtype=np.int64)
        for name in (*program.inputs, *program.populations)
    }
    for name, counts in reached.items():
        source = program.projections[name].source
        found[source] = (found[source] + counts).sign()
    return found


def axon_groups(program: ChipProgram, projection: Projection) -> Int64Array:
    """Number the axons of a projection's source neurons, ``[source]``; neurons with the same number share one.

    A spike that passes through a convolution carries its channel, so that all channels of a position share an axon;
    any other source neuron has one of its own. Source: nengo-loihi ``block.py`` (``Axon.compartment_atoms``) and
    ``builder/connection.py``, which give a convolution one axon for each position, for Loihi 1.
    """
    neurons = np.arange(program.size_of(projection.source))
    if not isinstance(projection.connectivity, Convolution):
        return neurons
    _, rows, columns = planes(program.shape_of(projection.source))
    return neurons % (rows * columns)


def in_axons(program: ChipProgram, cores: Held, reached: Mapping[str, sparse.csr_array]) -> Int64Array:
    """Count the input axons that each core needs, ``[core]``: one for every axon that leads to it."""
    needed = np.zeros(len(cores), np.int64)
    for group, _, to in _axons(program, reached).values():
        needed += np.bincount(np.unique(group * len(cores) + to) % len(cores), minlength=len(cores))
    return needed


def out_axons(program: ChipProgram, cores: Held, reached: Mapping[str, sparse.csr_array]) -> Int64Array:
    """Count the output axons that each core needs, ``[core]``: one for each axon on it and core that this leads to."""
    needed, count = np.zeros(len(cores), np.int64), len(cores)
    for (source, _), (group, neurons, to) in _axons(program, reached).items():
        if source in program.populations:
            own = cores_of_neurons(source, program.size_of(source), cores)[neurons]
            each = np.unique((group * count + own) * count + to)
            needed += np.bincount(each // count % count, minlength=count)
    return needed


def _axons(
    program: ChipProgram, reached: Mapping[str, sparse.csr_array]
) -> dict[tuple[str, bool], tuple[Int64Array, Int64Array, Int64Array]]:
    """List axon, neuron and destination core, for every source and for its convolutions and its other projections."""
    used: dict[tuple[str, bool], sparse.csr_array] = {}
    groups: dict[tuple[str, bool], Int64Array] = {}
    for name, projection in program.projections.items():
        key = projection.source, isinstance(projection.connectivity, Convolution)
        used[key] = used[key] + reached[name] if key in used else reached[name]
        groups[key] = axon_groups(program, projection)
    found = {}
    for key, counts in used.items():
        neurons, to = (index.astype(np.int64) for index in counts.nonzero())
        found[key] = groups[key][neurons], neurons, to
    return found


def tiles(where: Sequence[tuple[int, int]], mesh: Mesh) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return row, column and chip of the tiles of cores, ``[core]`` each.

    Cores fill the tiles of a chip in order, and tiles lie along a serpentine: left to right in even rows, right to left
    in odd ones. Routing is dimension-ordered, so the tiles a message crosses are the differences of the co-ordinates.
    Chips are taken to lie in a line from west to east: columns count on from chip to chip.

    Args:
        where: Chip and core number of each core.
        mesh: The grid of a chip.
    """
    chip, core = np.array(where, np.int64).reshape(-1, 2).T
    row, column = np.divmod(core // mesh.cores_per_tile, mesh.columns)
    return row, np.where(row % 2 == 1, mesh.columns - 1 - column, column) + chip * mesh.columns, chip
