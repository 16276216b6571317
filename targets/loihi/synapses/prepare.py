"""Which form the synapses of a projection take, kept for the next run of the same program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Projection, Sparse
from neurotool.synapses import hardware_weights
from neurotool.targets.loihi.synapses.convolution import ConvolutionSynapses
from neurotool.targets.loihi.synapses.dense import DenseSynapses
from neurotool.targets.loihi.synapses.packed import Packed
from neurotool.targets.loihi.synapses.protocol import Summing, Synapses
from neurotool.targets.loihi.synapses.sparse import Columns, SparseSynapses
from neurotool.targets.loihi.synapses.sparse_events import order_by_source

DENSE_SHARE = 0.04
"""Share of weights other than zero from which on a matrix beats single synapses (benchmarks/engine_paths.py)."""

DENSE_BYTES = 1 << 21
"""Matrices up to this size (of eight-bit weights) may be made of listed synapses whatever their memory."""

BLOCK = 1 << 18
"""Synapses that are read at once."""

KEPT_BYTES = 1 << 28
"""Memory up to which the prepared synapses of a program are kept for its next run."""

_KEPT: WeakKeyDictionary[ChipProgram, Mapping[str, Mapping[int, Synapses]]] = WeakKeyDictionary()


def prepared(program: ChipProgram) -> Mapping[str, Mapping[int, Synapses]]:
    """Return the synapses of every projection by delay.

    They are kept as long as the program object is, unless they are large. A program must not be changed in place.
    """
    if program in _KEPT:
        return _KEPT[program]
    found = {name: _prepare(program, projection) for name, projection in program.projections.items()}
    if sum(synapses.nbytes for by_delay in found.values() for synapses in by_delay.values()) <= KEPT_BYTES:
        _KEPT[program] = found
    return found


def forget() -> None:
    """Prepare the synapses of every program anew."""
    _KEPT.clear()


def _prepare(program: ChipProgram, projection: Projection) -> dict[int, Synapses]:
    connectivity, graded = projection.connectivity, projection.message_bits > 0
    if isinstance(connectivity, Convolution):
        source = program.shape_of(projection.source)
        return {0: ConvolutionSynapses(hardware_weights(projection), connectivity, source, graded=graded)}
    targets, sources = program.size_of(projection.target), program.size_of(projection.source)
    if isinstance(connectivity, AllToAll) and projection.delays is None:
        return {0: _undelayed(projection)}
    columns = _columns(projection, sources)
    return {delay: _fastest(projection, found, targets) for delay, found in columns.items()}


def _undelayed(projection: Projection) -> Synapses:
    """Return the form of a whole matrix: that of a matrix unless most of it is zero."""
    targets, sources = projection.weights.shape
    weights = np.empty((sources, targets), np.int16)
    largest_sum = 0
    rows = max(1, BLOCK // sources)
    for first in range(0, targets, rows):
        # Mantissas are clipped to nine bits in any case, and 16-bit arithmetic needs a quarter of the time.
        narrow: npt.NDArray[Any] = np.clip(projection.weights[first : first + rows], -256, 256).astype(np.int16)
        block = hardware_weights(replace(projection, weights=narrow))
        weights[:, first : first + rows] = block.T
        largest_sum = max(largest_sum, int(np.abs(block).sum(axis=1, dtype=np.int64).max()))
    if np.count_nonzero(weights) >= DENSE_SHARE * weights.size:
        return DenseSynapses(weights, largest_sum, Summing.of(projection))
    source, target = np.nonzero(weights)
    starts = np.searchsorted(source, np.arange(sources + 1))
    columns = Columns(starts, target.astype(np.int32), weights[source, target])
    return SparseSynapses(columns, targets, Summing.of(projection))


class _Block(NamedTuple):
    """Some synapses with a weight other than zero."""

    targets: Int64Array
    sources: Int64Array
    weights: Int64Array
    delays: Int64Array


def _blocks(projection: Projection) -> Iterator[_Block]:
    """Read listed synapses, or a matrix that has delays, piece by piece."""
    weights, delays, connectivity = projection.weights, projection.delays, projection.connectivity
    rows = max(1, BLOCK // (weights.size // max(1, len(weights)) or 1))
    for first in range(0, len(weights), rows):
        part = slice(first, first + rows)
        held = hardware_weights(replace(projection, weights=weights[part]))
        found = np.nonzero(held)
        late = np.zeros(len(found[0]), np.int64) if delays is None else delays[part][found]
        if isinstance(connectivity, Sparse):
            yield _Block(connectivity.targets[part][found], connectivity.sources[part][found], held[found], late)
        else:
            yield _Block(found[0] + first, found[1], held[found], late)


def _columns(projection: Projection, sources: int) -> dict[int, Columns]:
    """Order synapses by delay and then by source; all delays share two arrays."""
    shortest, longest = projection.delay_range
    counts = np.zeros((longest - shortest + 1) * sources, np.int64)
    for block in _blocks(projection):
        counts += np.bincount((block.delays - shortest) * sources + block.sources, minlength=len(counts))
    starts = np.concatenate([[0], np.cumsum(counts)])
    targets, weights = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int16)
    free = starts[:-1].copy()
    for block in _blocks(projection):
        keys = (block.delays - shortest) * sources + block.sources
        order_by_source(keys, block.targets, block.weights, free, targets, weights)
    windows = {shortest + i: starts[i * sources : (i + 1) * sources + 1] for i in range(longest - shortest + 1)}
    return {delay: Columns(found, targets, weights) for delay, found in windows.items() if found[-1] > found[0]}


def _fastest(projection: Projection, columns: Columns, targets: int) -> Synapses:
    """Return synapses of one delay as a matrix if that is faster and needs no more memory."""
    low, high = columns.starts[0], columns.starts[-1]
    sources = len(columns.starts) - 1
    needed = Packed.bytes_of(sources, targets)
    if high - low >= DENSE_SHARE * sources * targets and needed <= max(DENSE_BYTES, 6 * (high - low)):
        source = np.repeat(np.arange(sources), np.diff(columns.starts))
        sums = np.zeros((sources, targets), np.int32)
        np.add.at(sums, (source, columns.targets[low:high]), columns.weights[low:high])
        if np.count_nonzero(sums) == high - low:  # otherwise two synapses join the same neurons
            largest_sum = int(np.abs(sums).sum(axis=0, dtype=np.int64).max())
            return DenseSynapses(sums.astype(np.int16), largest_sum, Summing.of(projection))
    return SparseSynapses(columns, targets, Summing.of(projection))
