"""Sizes of a convolution, and which positions of its source meet which taps of the kernel."""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.ir.connectivity import convolved, planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import Convolution


class Axis(NamedTuple):
    """One axis of a convolution.

    Attributes:
        size: Positions in the source.
        outputs: Positions in the target.
        kernel: Taps of the kernel.
        stride: Distance of neighbouring outputs in the source.
        padding: Positions before the first.
        dilation: Distance of neighbouring taps in the source.
    """

    size: int
    outputs: int
    kernel: int
    stride: int
    padding: int
    dilation: int

    def meetings(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """List position, tap and output wherever the source meets the kernel, by position and then by output."""
        output, tap = np.divmod(np.arange(self.outputs * self.kernel), self.kernel)
        position = output * self.stride - self.padding + tap * self.dilation
        order = np.argsort(position, kind="stable")
        order = order[(position[order] >= 0) & (position[order] < self.size)]
        return position[order], tap[order], output[order]

    def met(self) -> Int64Array:
        """Count how often each position meets each tap, ``[position, tap]``: never or once."""
        found = np.zeros((self.size, self.kernel), np.int64)
        position, tap, _ = self.meetings()
        found[position, tap] = 1
        return found

    @property
    def order(self) -> Int64Array:
        """Taps in such an order that those which a position meets for successive outputs follow each other."""
        taps = np.arange(self.kernel)
        return np.lexsort((-taps, taps % (self.stride // gcd(self.stride, self.dilation))))


class Runs(NamedTuple):
    """Where the messages of each position along an axis lead. A run is a number of successive taps and outputs.

    Attributes:
        counts: Number of runs, ``[position]``.
        table: First tap of each run, its first output, and its length, ``[position, run, 3]``.
        outputs: Positions in the target.
    """

    counts: Int32Array
    table: Int32Array
    outputs: int

    @classmethod
    def of(cls, axis: Axis, *, joined: bool) -> Runs:
        """List the runs of an axis.

        Args:
            axis: The axis.
            joined: Count taps in the order of :attr:`Axis.order` and join those that follow each other.
        """
        position, tap, output = axis.meetings()
        first = np.ones(len(position), np.bool_)
        if joined:
            tap = np.argsort(axis.order)[tap]
            first[1:] = (np.diff(position) != 0) | (np.diff(tap) != 1) | (np.diff(output) != 1)
        starts = np.flatnonzero(first)
        lengths = np.diff(np.append(starts, len(position)))
        position, tap, output = position[starts], tap[starts], output[starts]
        counts = np.bincount(position, minlength=axis.size)
        column = np.arange(len(position)) - (np.cumsum(counts) - counts)[position]
        table = np.zeros((axis.size, counts.max(initial=0), 3), np.int32)
        table[position, column] = np.column_stack([tap, output, lengths])
        return cls(counts.astype(np.int32), table, axis.outputs)


class Geometry(NamedTuple):
    """Both axes of a convolution."""

    vertical: Axis
    horizontal: Axis

    @classmethod
    def of(cls, source: Shape, weights: Shape, convolution: Convolution) -> Geometry:
        """Derive both axes from the shapes of source and weights."""
        outputs = convolved(source, weights, convolution)
        vertical, horizontal = (
            Axis(
                planes(source)[1 + i],
                outputs[1 + i],
                weights[2 + i],
                convolution.stride[i],
                convolution.padding[i],
                convolution.dilation[i],
            )
            for i in range(2)
        )
        return cls(vertical, horizontal)

    @property
    def positions(self) -> int:
        """Positions of the target."""
        return self.vertical.outputs * self.horizontal.outputs

    def fan_out(self, weights: Int64Array, groups: int) -> Int64Array:
        """Count the synapses of each source neuron with a weight other than zero; fewer at a border."""
        out, inside, *kernel = weights.shape
        filled = np.count_nonzero(weights.reshape(groups, out // groups, inside, *kernel), axis=1)
        met = self.vertical.met(), self.horizontal.met()
        found: Int64Array = np.einsum("cij,yi,xj->cyx", filled.reshape(-1, *kernel), *met, optimize=True)
        return found.reshape(-1)
