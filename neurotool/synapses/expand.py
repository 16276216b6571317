"""The single synapses behind a projection, for everything that counts or stores them one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from neurotool.ir.connectivity import convolved, planes
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Projection, Sparse

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Synapses:
    """Synapses with a weight other than zero, ``[synapse]`` each, ordered by target and then source.

    Attributes:
        targets: Target neurons, flat.
        sources: Source neurons, flat.
        weights: Mantissas, as the projection holds them.
        delays: Delays in steps.
        shape: (target size, source size).
    """

    targets: IntArray
    sources: IntArray
    weights: IntArray
    delays: IntArray
    shape: tuple[int, int]

    @property
    def counts(self) -> sparse.csr_array:
        """Number of synapses from each source to each target, ``[target, source]``."""
        ones = np.ones(len(self.weights), np.int64)
        return sparse.csr_array((ones, (self.targets, self.sources)), shape=self.shape)


def expand(program: ChipProgram, projection: Projection) -> Synapses:
    """List the synapses of a projection. A convolution's shared weights are repeated wherever they are used."""
    connectivity, weights = projection.connectivity, projection.weights
    if isinstance(connectivity, AllToAll):
        targets, sources = np.nonzero(weights)
        values = weights[targets, sources]
        delays = None if projection.delays is None else projection.delays[targets, sources]
    elif isinstance(connectivity, Sparse):
        kept = np.flatnonzero(weights)
        kept = kept[np.lexsort((connectivity.sources[kept], connectivity.targets[kept]))]
        targets, sources, values = connectivity.targets[kept], connectivity.sources[kept], weights[kept]
        delays = None if projection.delays is None else projection.delays[kept]
    else:
        targets, sources, values = _taps(program, projection, connectivity)
        delays = None
    shape = program.size_of(projection.target), program.size_of(projection.source)
    return Synapses(targets, sources, values, np.zeros(len(values), np.int64) if delays is None else delays, shape)


def _taps(
    program: ChipProgram, projection: Projection, convolution: Convolution
) -> tuple[IntArray, IntArray, IntArray]:
    """Return target, source and weight of every synapse of a convolution that does not fall on padding."""
    source, weights = program.shape_of(projection.source), projection.weights
    channels, height, width = planes(source)
    _, rows, columns = convolved(source, weights.shape, convolution)
    out, inside, i, j = np.nonzero(weights)
    group = out // (weights.shape[0] // convolution.groups)
    plane = group * (channels // convolution.groups) + inside
    row = np.arange(rows) * convolution.stride[0] - convolution.padding[0] + i[:, None] * convolution.dilation[0]
    column = np.arange(columns) * convolution.stride[1] - convolution.padding[1] + j[:, None] * convolution.dilation[1]
    hit = ((row >= 0) & (row < height))[:, :, None] & ((column >= 0) & (column < width))[:, None, :]
    tap, y, x = np.nonzero(hit)
    targets = (out[tap] * rows + y) * columns + x
    sources = (plane[tap] * height + row[tap, y]) * width + column[tap, x]
    order = np.lexsort((sources, targets))
    return targets[order], sources[order], weights[out, inside, i, j][tap][order]
