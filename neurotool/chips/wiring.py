"""Which source neurons reach which cores of a placed program, and where the cores lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from neurotool.chips.chip import Mesh
from neurotool.ir.connectivity import planes
from neurotool.ir.placement import CoreUse
from neurotool.ir.program import ChipProgram, Convolution, Projection
from neurotool.synapses.expand import SynapseLists

IntArray = npt.NDArray[np.int64]


def fan_out(program: ChipProgram, projection: Projection, cores: Sequence[CoreUse]) -> sparse.csr_array:
    """Count the synapses with a weight other than zero from every source neuron to every core, ``[source, core]``.

    Args:
        program: The program.
        projection: One of its projections.
        cores: The layout of the whole program; columns are in its order.
    """
    lists = SynapseLists(program, projection)
    core_of = np.zeros(lists.shape[0], np.int64)
    for i, core in enumerate(cores):
        if core.population == projection.target:
            core_of[core.first : core.last] = i
    shape = lists.shape[1], len(cores)
    total = sparse.csr_array(shape, dtype=np.int64)
    for piece in lists.pieces():
        ones = np.ones(len(piece.sources), np.int64)
        total = total + sparse.csr_array((ones, (piece.sources, core_of[piece.targets])), shape=shape)
    return total


def fan_outs(program: ChipProgram, cores: Sequence[CoreUse]) -> dict[str, sparse.csr_array]:
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


def axon_groups(program: ChipProgram, projection: Projection) -> IntArray:
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


def out_axons(
    program: ChipProgram, cores: Sequence[CoreUse], reached: Mapping[str, sparse.csr_array]
) -> tuple[int, ...]:
    """Count the output axons that the neurons of each core need: one for every core that an axon leads to."""
    used: dict[tuple[str, bool], sparse.csr_array] = {}
    groups: dict[tuple[str, bool], IntArray] = {}
    for name, projection in program.projections.items():
        key = projection.source, isinstance(projection.connectivity, Convolution)
        used[key] = used[key] + reached[name] if key in used else reached[name]
        groups[key] = axon_groups(program, projection)
    needed = [0] * len(cores)
    for key, counts in used.items():
        for i, core in enumerate(cores):
            if core.population == key[0]:
                neurons, to = counts[core.first : core.last].nonzero()
                needed[i] += np.unique(groups[key][core.first + neurons] * len(cores) + to).size
    return tuple(needed)


def tiles(cores: Sequence[CoreUse], mesh: Mesh) -> tuple[IntArray, IntArray]:
    """Return row and column of each core's tile on the grid, ``[core]``.

    Cores fill tiles in order, and tiles lie along a serpentine: left to right in even rows, right to left in odd ones.
    Routing is dimension-ordered, so the tiles a message crosses are the differences of the co-ordinates.
    """
    row, column = np.divmod(np.array([core.core // mesh.cores_per_tile for core in cores], np.int64), mesh.columns)
    return row, np.where(row % 2 == 1, mesh.columns - 1 - column, column)
