"""The forms that weights take on the device: a whole matrix, listed synapses, or the kernels of a convolution."""

from __future__ import annotations

import math
import warnings

import numpy as np
import torch
from torch.nn import functional

from neurotool.arrays import Int64Array
from neurotool.ir.connectivity import convolved, planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import Convolution
from neurotool.targets.loihi.torch.products import wrap

DENSE_SHARE = 0.1
"""Share of weights other than zero from which on a matrix is held whole; its float32 takes less memory then."""

PATCH_BYTES = 1 << 24
"""Size of the patches that a convolution lays out at once."""

CONVOLUTION_BITS = 24
"""Sums of convolutions wrap at so many bits."""


class DenseMatrix:
    """A weight for every pair of neurons; see :class:`.products.ListedMatrix`.

    Args:
        weights: Mantissas, or their sums where several synapses join two neurons, ``[target, source]``.
        device: Where to hold them.
    """

    def __init__(self, weights: Int64Array, device: torch.device) -> None:
        magnitudes = np.abs(weights)
        self.targets = len(weights)
        self.largest_sum = int(magnitudes.sum(axis=1).max(initial=0))
        self.largest_weight = int(magnitudes.max(initial=0))
        self._weights = torch.from_numpy(weights.astype(np.int32)).to(device)
        self._floats: dict[torch.dtype, torch.Tensor] = {}

    def multiply(self, messages: torch.Tensor) -> torch.Tensor:
        """Multiply messages with the whole matrix."""
        kind = messages.dtype
        if kind not in self._floats:
            self._floats[kind] = self._weights.to(kind)
        return messages @ self._floats[kind].T

    def listed(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """List the weights that are not zero."""
        targets, sources = torch.nonzero(self._weights, as_tuple=True)
        return targets, sources, self._weights[targets, sources].to(torch.int64)


class SparseMatrix:
    """Listed synapses, whose weights are added where two join the same neurons; see :class:`.products.ListedMatrix`.

    Args:
        targets: Target of each synapse.
        sources: Source of each synapse.
        weights: Mantissa of each synapse.
        shape: Number of targets, number of sources.
        device: Where to hold them.
    """

    def __init__(
        self,
        targets: Int64Array,
        sources: Int64Array,
        weights: Int64Array,
        shape: tuple[int, int],
        device: torch.device,
    ) -> None:
        magnitudes = np.abs(weights)
        sums = np.zeros(shape[0], np.int64)
        np.add.at(sums, targets, magnitudes)
        self.targets, self._shape = shape[0], shape
        self.largest_sum, self.largest_weight = int(sums.max(initial=0)), int(magnitudes.max(initial=0))
        order = np.lexsort((sources, targets))
        self._synapses = tuple(torch.from_numpy(x[order]).to(device) for x in (targets, sources, weights))
        ends = np.cumsum(np.bincount(targets, minlength=shape[0]))
        self._starts = torch.from_numpy(np.concatenate([[0], ends])).to(device)
        self._floats: dict[torch.dtype, torch.Tensor] = {}

    def multiply(self, messages: torch.Tensor) -> torch.Tensor:
        """Multiply messages with compressed rows."""
        kind = messages.dtype
        if kind not in self._floats:
            _, sources, weights = self._synapses
            with warnings.catch_warnings():  # what torch calls "in beta state" has existed since 2021
                warnings.simplefilter("ignore", UserWarning)
                self._floats[kind] = torch.sparse_csr_tensor(
                    self._starts, sources, weights.to(kind), size=self._shape, check_invariants=False
                )
        return (self._floats[kind] @ messages.T).T

    def listed(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the synapses."""
        targets, sources, weights = self._synapses
        return targets, sources, weights


class ConvolutionMatrix:
    """Kernels that all positions share; see :class:`.products.Matrix`.

    The patches that the kernel meets are laid out and multiplied with it. No convolution of a library is used: some of
    their algorithms (Winograd's, Fourier's) are not exact.

    Args:
        weights: Mantissas, ``[channel out, channel in / groups, row, column]``; only their lowest 24 bits count.
        convolution: Stride, padding, dilation and groups.
        source: Shape of the source.
        device: Where to hold them.
    """

    def __init__(self, weights: Int64Array, convolution: Convolution, source: Shape, device: torch.device) -> None:
        c, groups = convolution, convolution.groups
        self._options = c.padding, c.stride, c.dilation, groups
        self._source, self._kernel = planes(source), weights.shape[2:]
        self._size = convolved(source, weights.shape, convolution)[1:]
        self.targets = len(weights) * math.prod(self._size)
        wrapped = wrap(torch.from_numpy(np.array(weights)), CONVOLUTION_BITS).reshape(groups, -1, weights[0].size)
        magnitudes = wrapped.abs()
        self.largest_sum, self.largest_weight = int(magnitudes.sum(dim=2).max()), int(magnitudes.max())
        self._weights = wrapped.to(device)
        self._floats: dict[torch.dtype, torch.Tensor] = {}

    def multiply(self, messages: torch.Tensor) -> torch.Tensor:
        """Multiply the patches of some rows after another."""
        kind = messages.dtype
        if kind not in self._floats:
            self._floats[kind] = self._weights.to(kind)
        groups, out, depth = self._weights.shape
        positions = math.prod(self._size)
        rows = max(1, PATCH_BYTES // (messages.element_size() * groups * depth * positions))
        sums = messages.new_empty((len(messages), groups, out, positions))
        for first in range(0, len(messages), rows):
            last = min(first + rows, len(messages))
            torch.matmul(self._floats[kind], self._patches(messages[first:last]), out=sums[first:last])
        return sums.reshape(len(messages), -1)

    def _patches(self, messages: torch.Tensor) -> torch.Tensor:
        """Lay out what each tap meets at each position, ``[row, group, channel and tap, position]``."""
        (top, side), (down, across), (dilated, widened), groups = self._options
        image = functional.pad(messages.reshape(-1, *self._source), (side, side, top, top)).contiguous()
        row, channel, line, pixel = image.stride()
        shape = (len(image), self._source[0], *self._kernel, *self._size)
        steps = (row, channel, dilated * line, widened * pixel, down * line, across * pixel)
        # torch's own unfold copies the same numbers, but takes ten times as long on a CPU.
        return image.as_strided(shape, steps).reshape(len(image), groups, -1, math.prod(self._size))
