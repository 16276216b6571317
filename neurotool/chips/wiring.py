"""Which source neurons reach which cores of a placed program, and how far the messages travel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from neurotool.chips.chip import Mesh
from neurotool.ir.placement import CoreUse
from neurotool.ir.program import ChipProgram, Projection

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


def fan_out(projection: Projection, cores: Sequence[CoreUse]) -> IntArray:
    """Count the non-zero weights from every source neuron to every core of the target, ``[source, core]``."""
    weights = projection.weights
    columns = [np.count_nonzero(weights[core.first : core.last], axis=0) for core in cores]
    return np.stack(columns, axis=1).astype(np.int64)


def destinations(program: ChipProgram, cores: Sequence[CoreUse]) -> dict[str, BoolArray]:
    """Find the cores that each source neuron sends to.

    Args:
        program: The program.
        cores: Its layout.

    Returns:
        Per input port and population, ``[neuron, core]`` in the order of ``cores``: whether any non-zero weight leads
        from the neuron to the core. A message goes once to a core, however many synapses it meets there.
    """
    sizes = {name: int(np.prod(port.shape, dtype=np.int64)) for name, port in program.inputs.items()}
    sizes |= {name: population.size for name, population in program.populations.items()}
    found = {name: np.zeros((size, len(cores)), np.bool_) for name, size in sizes.items()}
    for projection in program.projections.values():
        columns = [i for i, core in enumerate(cores) if core.population == projection.target]
        found[projection.source][:, columns] |= fan_out(projection, [cores[i] for i in columns]) > 0
    return found


def hops(cores: Sequence[CoreUse], mesh: Mesh) -> tuple[IntArray, IntArray]:
    """Distances between cores on the grid of tiles, along rows and along columns, ``[from, to]`` each.

    Cores fill tiles in order, and tiles lie along a serpentine: left to right in even rows, right to left in odd ones.
    Routing is dimension-ordered, so a distance is the difference of the co-ordinates.
    """
    tile = np.array([core.core // mesh.cores_per_tile for core in cores], np.int64)
    row, column = np.divmod(tile, mesh.columns)
    column = np.where(row % 2 == 1, mesh.columns - 1 - column, column)
    return np.abs(column[:, None] - column), np.abs(row[:, None] - row)
