"""Synapses of one projection and delay: which product holds its sums, and what is left of them.

The arithmetic is that of :mod:`neurotool.synapses`, for many rows at once. A row is one sample in one time step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import torch

from neurotool.arrays import Int64Array
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, Projection, Sparse
from neurotool.synapses import hardware_weights
from neurotool.targets.loihi.torch.matrices import (
    CONVOLUTION_BITS,
    DENSE_SHARE,
    ConvolutionMatrix,
    DenseMatrix,
    SparseMatrix,
)
from neurotool.targets.loihi.torch.products import (
    FLOAT32_LIMIT,
    FLOAT64_LIMIT,
    Arithmetic,
    ListedMatrix,
    Matrix,
    multiply,
    multiply_limbs,
    multiply_singly,
    wrap,
)

INT32_LIMIT = 1 << 31


class Synapses(Protocol):
    """Synapses that share a projection and a delay."""

    def deliver(self, heard: torch.Tensor) -> tuple[torch.Tensor, Arithmetic]:
        """Return what the messages of some rows deliver, and how that was computed.

        Args:
            heard: Bool or integers, ``[row, source]``.

        Returns:
            Integers that 32 bits hold, ``[row, target]``.
        """
        ...


class WrappedSynapses(NamedTuple):
    """Synapses whose sums wrap before the shift: those of payloads and of convolutions; see :class:`Synapses`.

    Attributes:
        matrix: Weights.
        graded: Whether payloads count; otherwise every message that is not zero is a spike.
        exponent: Power of two on each sum, rounding towards minus infinity.
        bits: Bits that sums wrap to.
    """

    matrix: Matrix
    graded: bool
    exponent: int
    bits: int

    def deliver(self, heard: torch.Tensor) -> tuple[torch.Tensor, Arithmetic]:
        """Deliver in the fastest product that is exact."""
        messages, peak = read(heard, graded=self.graded)
        bound = self.matrix.largest_sum * peak
        if bound < FLOAT32_LIMIT:
            how, total = Arithmetic.FLOAT32, multiply(self.matrix, messages, torch.float32)
        elif bound < FLOAT64_LIMIT:
            how, total = Arithmetic.FLOAT64, multiply(self.matrix, messages, torch.float64)
        else:
            how, total = Arithmetic.LIMBS, multiply_limbs(self.matrix, messages, self.bits)
        if bound >= 1 << (self.bits - 1):
            total = wrap(total, self.bits)
        return shifted(total, self.exponent, bound), how


class UnwrappedSynapses(NamedTuple):
    """Synapses whose sums wrap after the shift only; see :class:`Synapses`.

    These are binary spikes and, in Lava's ``DelayDense``, payloads, of which each product wraps at 32 bits instead.

    Attributes:
        matrix: Weights.
        graded: Whether payloads count; otherwise every message that is not zero is a spike.
        exponent: Power of two on each sum, rounding towards minus infinity.
    """

    matrix: ListedMatrix
    graded: bool
    exponent: int

    def deliver(self, heard: torch.Tensor) -> tuple[torch.Tensor, Arithmetic]:
        """Deliver in the fastest product that is exact."""
        messages, peak = read(heard, graded=self.graded)
        bound = self.matrix.largest_sum * peak
        products_wrap = self.matrix.largest_weight * peak >= INT32_LIMIT
        if bound < FLOAT32_LIMIT:
            how, total = Arithmetic.FLOAT32, multiply(self.matrix, messages, torch.float32)
        elif bound < FLOAT64_LIMIT and not products_wrap:
            how, total = Arithmetic.FLOAT64, multiply(self.matrix, messages, torch.float64)
        else:
            how, total = Arithmetic.SINGLE, multiply_singly(self.matrix, messages)
        return shifted(total, self.exponent, bound), how


def read(heard: torch.Tensor, *, graded: bool) -> tuple[torch.Tensor, int]:
    """Return messages as synapses take them and the largest magnitude among them."""
    if heard.dtype == torch.bool:
        return heard, 1
    if not graded:
        return heard != 0, 1
    low, high = torch.stack(torch.aminmax(heard)).tolist()
    return heard, max(high, -low)


def shifted(total: torch.Tensor, exponent: int, bound: int) -> torch.Tensor:
    """Apply the exponent of a projection to sums of limited magnitude and wrap them at 32 bits."""
    if exponent:
        total = total << exponent if exponent > 0 else total >> -exponent
    return wrap(total, 32) if bound.bit_length() + exponent >= INT32_LIMIT.bit_length() else total


def synapses_of(program: ChipProgram, projection: Projection, device: torch.device) -> dict[int, Synapses]:
    """Bring the synapses of a projection to a device, by delay."""
    connectivity, graded = projection.connectivity, projection.message_bits > 0
    if isinstance(connectivity, Convolution):
        source = program.shape_of(projection.source)
        kernels = ConvolutionMatrix(hardware_weights(projection), connectivity, source, device)
        return {0: WrappedSynapses(kernels, graded, 0, CONVOLUTION_BITS)}
    matrices = _linear(program, projection, device)
    if graded and not (isinstance(connectivity, AllToAll) and projection.delays is not None):
        return {delay: WrappedSynapses(m, graded, projection.weight_exp, 32) for delay, m in matrices.items()}
    return {delay: UnwrappedSynapses(m, graded, projection.weight_exp) for delay, m in matrices.items()}


def _linear(
    program: ChipProgram, projection: Projection, device: torch.device
) -> Mapping[int, DenseMatrix | SparseMatrix]:
    """Return the weights of each delay in the form that takes less memory; without those that are zero."""
    weights = hardware_weights(projection)
    whole = isinstance(projection.connectivity, AllToAll) and projection.delays is None
    if whole and np.count_nonzero(weights) >= DENSE_SHARE * weights.size:
        return {0: DenseMatrix(weights, device)}
    size = program.size_of(projection.target), program.size_of(projection.source)
    return {delay: _matrix(listed, size, device) for delay, listed in _by_delay(projection, weights)}


class _Listed(NamedTuple):
    """Some synapses with a weight other than zero."""

    targets: Int64Array
    sources: Int64Array
    weights: Int64Array


def _by_delay(projection: Projection, weights: Int64Array) -> Iterator[tuple[int, _Listed]]:
    connectivity = projection.connectivity
    found = np.nonzero(weights)
    delays = np.zeros(len(found[0]), np.int64) if projection.delays is None else projection.delays[found]
    ends = (connectivity.targets[found], connectivity.sources[found]) if isinstance(connectivity, Sparse) else found
    for delay in np.unique(delays):
        there = delays == delay
        yield int(delay), _Listed(ends[0][there], ends[1][there], weights[found][there])


def _matrix(listed: _Listed, shape: tuple[int, int], device: torch.device) -> DenseMatrix | SparseMatrix:
    if len(listed.weights) < DENSE_SHARE * shape[0] * shape[1]:
        return SparseMatrix(*listed, shape, device)
    weights = np.zeros(shape, np.int64)
    np.add.at(weights, (listed.targets, listed.sources), listed.weights)
    return DenseMatrix(weights, device)
