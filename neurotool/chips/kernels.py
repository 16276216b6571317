"""Lists of synapses of a convolution on a box of its image, without a walk over the synapses.

Whether a source position meets a tap of the kernel depends on its row and on its column apart. Rows that meet the same
taps form a class, and so do columns; there are a few classes for each stride, and some more at the border. Everything
that holds for a position holds for all of its pair of classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.ir.placement import Range
from neurotool.ir.program import Convolution

Table = npt.NDArray[Any]
"""Integers: numbers of synapses, or sums of random numbers."""


@dataclass(frozen=True, eq=False)
class Axis:
    """Source rows (or columns) that a range of target rows (or columns) hears.

    Attributes:
        start: First of them.
        taps: One where the positions of a class meet a tap, ``[class, tap]``.
        kind: Class of each position from ``start`` on, ``[position]``.
        sizes: Number of positions in each class, ``[class]``.
        key: The same for two ranges whose classes and sizes are the same.
    """

    start: int
    taps: Int64Array
    kind: Int64Array
    sizes: Int64Array
    key: tuple[bytes, bytes]


class KernelLists:
    """Lists of synapses of a convolution, box by box of its target.

    Args:
        source: Shape of the source, (channels, rows, columns).
        convolution: The convolution.
        weights: Its kernels, (channels out, channels in / groups, rows, columns).
    """

    def __init__(self, source: tuple[int, int, int], convolution: Convolution, weights: Int64Array) -> None:
        self._source, self._form, self._shape = source, convolution, weights.shape
        held = weights != 0
        self._counts = _up_to(held.astype(np.int64))
        self._sums: Table | None = None
        if not held.all():
            # Lists may then be alike though their taps differ. The sum of a random number for each weight tells them
            # apart: two lists that differ have the same sum modulo 2^64 with a probability of 2^-64.
            self._sums = _up_to(np.where(held, random_numbers(weights.shape), np.uint64(0)))
        self._axes: dict[tuple[int, Range], Axis] = {}
        self._known: dict[object, tuple[Int64Array, int, int, int]] = {}

    def reach(self, channels: Range, rows: Range, columns: Range) -> tuple[Int64Array, Int64Array]:
        """Return the source neurons with a synapse on a box, ascending, and how many synapses each has there."""
        down, across = self._axis(0, rows), self._axis(1, columns)
        first, entries = self._table(self._counts, channels, down, across)
        each = entries[:, down.kind][:, :, across.kind]
        channel, row, column = np.nonzero(each)
        _, height, width = self._source
        source = ((channel + first) * height + row + down.start) * width + column + across.start
        return np.asarray(source, np.int64), np.asarray(each[channel, row, column], np.int64)

    def lists(self, channels: Range, rows: Range, columns: Range) -> tuple[Int64Array, int, int, int]:
        """Return entries of each list that a box stores, and its numbers of synapses, source neurons and axons.

        The channels of a source position share an axon.
        """
        down, across = self._axis(0, rows), self._axis(1, columns)
        key = channels, down.key, across.key
        if key not in self._known:
            self._known[key] = self._lists(channels, down, across)
        return self._known[key]

    def _lists(self, channels: Range, down: Axis, across: Axis) -> tuple[Int64Array, int, int, int]:
        _, entries = self._table(self._counts, channels, down, across)
        positions = down.sizes[:, None] * across.sizes
        heard = entries > 0
        stored = entries[heard]
        if self._sums is not None:
            _, sums = self._table(self._sums, channels, down, across)
            _, one_of_each = np.unique(sums[heard], return_index=True)
            stored = stored[one_of_each]
        return (
            np.asarray(stored, np.int64),
            int((entries * positions).sum()),
            int((heard * positions).sum()),
            int((heard.any(axis=0) * positions).sum()),
        )

    def _table(self, sums: Table, channels: Range, down: Axis, across: Axis) -> tuple[int, Table]:
        """Add up over output channels and taps, ``[source channel, row class, column class]``; say where they start."""
        out = self._shape[0] // self._form.groups
        groups = np.arange(channels[0] // out, -(-channels[1] // out))
        low, high = np.maximum(groups * out, channels[0]), np.minimum((groups + 1) * out, channels[1])
        kernels = (sums[high] - sums[low]).reshape(-1, *self._shape[2:])
        met = down.taps.astype(sums.dtype) @ kernels @ across.taps.T.astype(sums.dtype)
        return int(groups[0]) * self._shape[1], met

    def _axis(self, axis: int, target: Range) -> Axis:
        """Find the classes of the source rows (axis 0) or columns (axis 1) that a range of the target hears."""
        if (axis, target) not in self._axes:
            form, size, taps = self._form, self._source[1 + axis], self._shape[2 + axis]
            corner = np.arange(*target) * form.stride[axis] - form.padding[axis]
            place = corner[:, None] + np.arange(taps) * form.dilation[axis]
            start, end = max(int(place.min()), 0), min(int(place.max()) + 1, size)
            met = np.zeros((max(end - start, 0), taps), np.int64)
            target_index, tap = np.nonzero((place >= start) & (place < end))
            met[place[target_index, tap] - start, tap] = 1
            classes, kind, sizes = np.unique(met, axis=0, return_inverse=True, return_counts=True)
            key = classes.tobytes(), sizes.tobytes()
            self._axes[axis, target] = Axis(start, classes, kind.ravel(), np.asarray(sizes, np.int64), key)
        return self._axes[axis, target]


def random_numbers(shape: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    """Return the same 64-bit numbers whenever they are asked for."""
    return np.random.default_rng(0).integers(0, np.iinfo(np.uint64).max, shape, np.uint64, endpoint=True)


def _up_to(values: Table) -> Table:
    """Sums over the output channels before each, one more than there are channels."""
    none = np.zeros((1, *values.shape[1:]), values.dtype)
    return np.concatenate([none, np.cumsum(values, axis=0, dtype=values.dtype)])
